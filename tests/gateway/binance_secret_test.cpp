// Secrets: memory, credentials, and the filter in front of everything that is written.
#include "gateway/binance/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <ostream>
#include <type_traits>

#include "gateway/binance/credentials.h"
#include "gateway/binance/redaction.h"
#include "gateway/binance/signer.h"
#include "gateway/binance/text_encoding.h"
#include "journal/scratch_folder.h"
#include "tests/support/catch.h"

using namespace reprise::gateway::binance;

namespace {

class OwnFolder {
 public:
  std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(at(name), std::ios::binary) << content;
    return at(name);
  }

 private:
  reprise::journal::ScratchFolder folder_ = std::move(reprise::journal::ScratchFolder::make("secrets")).value();
};

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

// A text that stands nowhere in the program, so that a search of the memory finds only what was put there.
std::string planted(std::uint64_t seed) {
  std::string text;
  for (int i = 0; i < 64; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    text.push_back("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[(seed >> 33) % 62]);
  }
  return text;
}

struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  bool is_private_data = false;  // written to, and of no file: what a core file holds
  bool is_left_out = false;      // MADV_DONTDUMP
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> result;
  std::ifstream file("/proc/self/smaps");
  for (std::string line; std::getline(file, line);) {
    Mapping mapping;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &mapping.begin, &mapping.end, access) == 3) {
      mapping.is_private_data = access[0] == 'r' && access[1] == 'w';
      result.push_back(mapping);
    } else if (line.starts_with("VmFlags:")) {
      result.back().is_left_out = line.find(" dd") != std::string::npos;
    }
  }
  return result;
}

// How often `needle`, given with each byte inverted (so that the needle is not itself in memory), stands in what a core
// file of this process would hold.
int found_in_core(const std::string& inverted) {
  int count = 0;
  const int memory = open("/proc/self/mem", O_RDONLY);
  std::vector<char> chunk;
  for (const Mapping& mapping : mappings()) {
    if (!mapping.is_private_data || mapping.is_left_out) continue;
    chunk.resize(mapping.end - mapping.begin);
    const ssize_t got = pread(memory, chunk.data(), chunk.size(), static_cast<off_t>(mapping.begin));
    const char* here = chunk.data();
    const char* const end = here + std::max<ssize_t>(got, 0);
    while (here < end && (here = static_cast<const char*>(std::memchr(
                              here, ~inverted[0] & 0xff, static_cast<std::size_t>(end - here)))) != nullptr) {
      std::size_t same = 0;
      while (same < inverted.size() && here + same < end && here[same] == static_cast<char>(~inverted[same])) ++same;
      if (same == inverted.size()) ++count;
      ++here;
    }
    wipe(std::span<char>(chunk));
  }
  close(memory);
  return count;
}

std::string inverted(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(~c);
  return result;
}

std::string problem(const CredentialSource& source) {
  auto loaded = load_credentials(source);
  return loaded ? "" : loaded.error().text();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a secret lies in locked pages that no core file holds", "[gateway][binance]") {
  const Secret secret = Secret::copy_of(planted(1));
  CHECK(secret.is_kept_out_of_core_files());
  const auto address = reinterpret_cast<std::uintptr_t>(secret.reveal().data());
  bool is_left_out = false;
  for (const Mapping& mapping : mappings()) {
    if (address >= mapping.begin && address < mapping.end) is_left_out = mapping.is_left_out;
  }
  CHECK(is_left_out);
  if (!secret.is_locked()) WARN("the limit on locked memory did not allow locking");
}

TEST_CASE("a secret that moves leaves nothing behind", "[gateway][binance]") {
  Secret first = Secret::copy_of("first");
  Secret second = std::move(first);
  CHECK(first.empty());
  CHECK(second.reveal() == "first");
  second = Secret::copy_of("second");
  CHECK(second.reveal() == "second");
  Secret& same = second;
  second = std::move(same);
  CHECK(second.reveal() == "second");
  CHECK(second.clone().reveal() == "second");
  std::string source = "third";
  const Secret third = Secret::taken_from(source);
  CHECK(source.empty());
  CHECK(std::string_view(source.data(), 5) == std::string_view("\0\0\0\0\0", 5));
  second.shorten(3);
  CHECK(second.reveal() == "sec");
  CHECK(std::string_view(second.reveal().data(), 6) == std::string_view("sec\0\0\0", 6));
  CHECK(Secret::copy_of("").empty());
}

TEST_CASE("reading a file with credentials and signing leaves no copy that a core file would hold",
          "[gateway][binance]") {
  const OwnFolder folder;
  const std::string path = folder.at(".env");
  std::string key = planted(2);
  std::string secret = planted(3);
  const std::string key_inverted = inverted(key);
  const std::string secret_inverted = inverted(secret);
  {
    const int file = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
    for (const std::string_view part : {std::string_view("REPRISE_API_KEY="), std::string_view(key),
                                        std::string_view("\nREPRISE_API_SECRET="), std::string_view(secret)}) {
      REQUIRE(write(file, part.data(), part.size()) == static_cast<ssize_t>(part.size()));
    }
    close(file);
  }
  REQUIRE(found_in_core(secret_inverted) > 0);  // the search finds what is there
  wipe(key);
  wipe(secret);
  REQUIRE(found_in_core(secret_inverted) == 0);

  auto credentials = load_credentials({"REPRISE", path});
  REQUIRE(credentials.ok());
  auto signer = Signer::of_key(credentials->api_secret);
  REQUIRE(signer.ok());
  Redactor redactor;
  CHECK(redactor.add(credentials->api_secret));
  CHECK(redactor.add(credentials->api_key));
  for (int i = 0; i < 10; ++i) CHECK(signer->signature("timestamp=1700000000000").value().size() == 64);
  CHECK(found_in_core(key_inverted) == 0);
  CHECK(found_in_core(secret_inverted) == 0);
}

TEST_CASE("a private key that signs is in no core file, neither as text nor as bytes", "[gateway][binance]") {
  // An Ed25519 key of our own: PKCS#8 is 16 fixed bytes and the seed.
  const std::string seed = planted(4).substr(0, 32);
  std::string der("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
  der += seed;
  std::string body = base64_encoded(der);
  const std::string seed_inverted = inverted(seed);
  const std::string body_inverted = inverted(body);
  std::string pem = "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n";
  Secret secret = Secret::taken_from(pem);
  wipe(der);
  wipe(body);
  wipe(std::span<char>(const_cast<char*>(seed.data()), seed.size()));
  const int texts_before = found_in_core(body_inverted);  // what the lines above left on the heap themselves
  const int seeds_before = found_in_core(seed_inverted);
  auto signer = Signer::of_key(secret);
  REQUIRE(signer.ok());
  for (int i = 0; i < 10; ++i) CHECK(signer->signature("timestamp=1700000000000").ok());
  CHECK(found_in_core(body_inverted) <= texts_before);
  CHECK(found_in_core(seed_inverted) <= seeds_before);
}

TEST_CASE("credentials come from the environment, which forgets them", "[gateway][binance]") {
  setenv("REPRISE_TEST_API_KEY", "key-of-environment", 1);
  setenv("REPRISE_TEST_API_SECRET", "secret-of-environment", 1);
  const char* const before = getenv("REPRISE_TEST_API_SECRET");
  auto credentials = load_credentials({"REPRISE_TEST", ""});
  REQUIRE(credentials.ok());
  CHECK(credentials->api_key.reveal() == "key-of-environment");
  CHECK(credentials->api_secret.reveal() == "secret-of-environment");
  CHECK(credentials->source == "the environment");
  CHECK(getenv("REPRISE_TEST_API_KEY") == nullptr);
  CHECK(std::string_view(before, 6) == std::string_view("\0\0\0\0\0\0", 6));
}

TEST_CASE("a .env file may have comments, quotes, exports and other programs' variables", "[gateway][binance]") {
  const OwnFolder folder;
  const std::string path = folder.write(".env",
                                        "# ours\n\nexport REPRISE_API_KEY='the key'\nOTHER=1\r\n"
                                        "  REPRISE_API_SECRET = \"first\nsecond # not a comment\" # one\n");
  chmod(path.c_str(), 0600);
  CHECK(has(problem({"REPRISE", path}), "REPRISE_API_KEY holds a character that no key has"));
  folder.write(".env", "export REPRISE_API_KEY='thekey'\nREPRISE_API_SECRET=\"-----BEGIN X\nY\"  # one\n");
  auto credentials = load_credentials({"REPRISE", path});
  REQUIRE(credentials.ok());
  CHECK(credentials->api_key.reveal() == "thekey");
  CHECK(credentials->api_secret.reveal() == "-----BEGIN X\nY");
  CHECK(credentials->source == path);
}

TEST_CASE("the private key may lie in a file beside the .env file", "[gateway][binance]") {
  const OwnFolder folder;
  const std::string path = folder.write(".env", "REPRISE_API_KEY=k\nREPRISE_PRIVATE_KEY_FILE=key.pem\n");
  const std::string key = folder.write("key.pem", "-----BEGIN PRIVATE KEY-----\nabc\n");
  chmod(path.c_str(), 0600);
  chmod(key.c_str(), 0644);
  CHECK(has(problem({"REPRISE", path}), "chmod 600 '" + key + "'"));
  chmod(key.c_str(), 0400);
  auto credentials = load_credentials({"REPRISE", path});
  REQUIRE(credentials.ok());
  CHECK(credentials->api_secret.reveal() == "-----BEGIN PRIVATE KEY-----\nabc\n");
}

TEST_CASE("a file that others may open is refused with what to do", "[gateway][binance]") {
  const OwnFolder folder;
  const std::string path = folder.write(".env", "REPRISE_API_KEY=k\nREPRISE_API_SECRET=s\n");
  for (const mode_t mode : {0644, 0640, 0602, 0610, 0777}) {
    chmod(path.c_str(), mode);
    const std::string text = problem({"REPRISE", path});
    CHECK(has(text, "other users may open this file"));
    CHECK(has(text, "chmod 600 '" + path + "'"));
  }
  for (const mode_t mode : {0600, 0400}) {
    chmod(path.c_str(), mode);
    CHECK(problem({"REPRISE", path}).empty());
  }
  CHECK(has(problem({"REPRISE", folder.at("")}), "not a regular file"));
}

TEST_CASE("an error in a .env file names line and variable, never a value", "[gateway][binance]") {
  const OwnFolder folder;
  const auto text_for = [&](const std::string& content) {
    const std::string path = folder.write(".env", content);
    chmod(path.c_str(), 0600);
    const std::string text = problem({"REPRISE", path});
    CHECK_FALSE(has(text, "hunter2"));
    return text;
  };
  CHECK(has(text_for("# one\nhunter2\n"), ".env:2: a line is NAME=value"));
  CHECK(has(text_for("A='x\ny'\nhunter2!=1\n"), ".env:3: what stands before '=' is not a name"));
  CHECK(has(text_for("REPRISE_API_SECRET=\"hunter2\n"), ".env:1: the value of REPRISE_API_SECRET has no closing"));
  CHECK(has(text_for("REPRISE_API_SECRET='hunter2' hunter2\n"), ".env:1: something stands behind the value"));
  CHECK(has(text_for("REPRISE_API_KEY=hunter2\nREPRISE_API_KEY=hunter2\n"), ".env:2: REPRISE_API_KEY is given twice"));
  CHECK(has(text_for("REPRISE_API_KEY=hunter2\n"), "REPRISE_API_SECRET (or REPRISE_PRIVATE_KEY_FILE) is missing"));
  CHECK(has(text_for("REPRISE_API_SECRET=hunter2\n"), "REPRISE_API_KEY is missing or empty"));
  CHECK(has(text_for("REPRISE_API_KEY=k\nREPRISE_API_SECRET=hunter2\nREPRISE_PRIVATE_KEY_FILE=f\n"), "keep one"));
  CHECK(has(text_for("REPRISE_API_KEY=k\nREPRISE_API_SECRET='hunter2 '\n"), "holds a blank"));
  CHECK(has(text_for("REPRISE_API_KEY='k\r\nX-Header: hunter2'\nREPRISE_API_SECRET=s\n"), "no key has"));
  CHECK(has(problem({"REPRISE", folder.at("none")}), "there are no credentials"));
}

TEST_CASE("a registered secret is masked in each form that it can take", "[gateway][binance]") {
  const std::string secret = "pa+ss/wo=rd \u6d4b\"x";
  Redactor redactor;
  REQUIRE(redactor.add(Secret::copy_of(secret)));
  std::string lower_percent = percent_encoded(secret);
  for (char& c : lower_percent) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  for (const std::string& form :
       {secret, percent_encoded(secret), lower_percent, hex_encoded(secret), std::string("pa+ss/wo=rd \u6d4b\\\"x")}) {
    INFO(form);
    CHECK(redactor.masked("before " + form + " after") == "before *** after");
    CHECK(redactor.finds_secret(form));
  }
  for (const char* around : {"", "a", "ab", "abc", "user:"}) {
    const std::string wrapped = base64_encoded(around + secret + around);
    CHECK(redactor.finds_secret(wrapped));
    CHECK(has(redactor.masked("Authorization: Basic " + wrapped), "***"));
  }
  CHECK_FALSE(redactor.finds_secret("pa+ss/wo=rd"));
  CHECK(redactor.masked(secret + secret) == "******");
}

TEST_CASE("every line of a private key is masked by itself", "[gateway][binance]") {
  const std::string line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
  Redactor redactor;
  const std::string dashes = "-----";
  const std::string pem = dashes + "BEGIN PRIVATE KEY-----\r\n" + line + "\r\n-----END PRIVATE KEY-----\r\n";
  REQUIRE(redactor.add(Secret::copy_of(pem)));
  CHECK(redactor.masked("x " + line + " y") == "x *** y");
  CHECK(redactor.masked("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----");
}

TEST_CASE("what is always secret is masked although nobody registered it", "[gateway][binance]") {
  const Redactor redactor;
  CHECK(redactor.masked("GET /fapi/v1/order?symbol=BTCUSDT&signature=abc%2F= HTTP/1.1") ==
        "GET /fapi/v1/order?symbol=BTCUSDT&signature=*** HTTP/1.1");
  CHECK(redactor.masked("a=1&signature=abc&b=2") == "a=1&signature=***&b=2");
  CHECK(redactor.masked("X-MBX-APIKEY: kkk\r\nHost: h") == "X-MBX-APIKEY: ***\r\nHost: h");
  CHECK(redactor.masked(R"({"apiKey":"k","listenKey": "lll","E":1,"signature":"s"})") ==
        R"({"apiKey":"***","listenKey": "***","E":1,"signature":"***"})");
  CHECK(redactor.masked(R"("{\"signature\":\"s\"}")") == R"("{\"signature\":\"***\"}")");
  CHECK(redactor.masked("/private/ws?listenKey=abc&events=X") == "/private/ws?listenKey=***&events=X");
  CHECK(redactor.masked("REPRISE_API_SECRET=abc") == "REPRISE_API_SECRET=abc");  // a name of its own, not a field
  CHECK(redactor.masked("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter") ==
        "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nafter");
  CHECK(redactor.masked("Signature for this request is not valid.") == "Signature for this request is not valid.");
  CHECK(redactor.masked("") == "");
}

TEST_CASE("a secret too short to be searched for is said to be so", "[gateway][binance]") {
  Redactor redactor;
  CHECK_FALSE(redactor.add(Secret::copy_of("abc")));
  CHECK(redactor.masked("abc") == "abc");
}
