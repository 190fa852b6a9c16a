// The account's key and secret, from the environment or from a .env file; never from configuration or arguments.
//
//   REPRISE_API_KEY            the key
//   REPRISE_API_SECRET         the HMAC secret, or the PEM of a private key
//   REPRISE_PRIVATE_KEY_FILE   instead of the secret: a file with the PEM; relative to the .env file's folder
//
// One source gives all of them: the environment if it holds any, else the file; a half from each would hide which
// account trades. What is taken from the environment is wiped there and unset, so that neither /proc nor a core file
// nor a child process shows it: to be called once, at the start, before there are threads. Files must be the user's own
// (or root's) and closed to everybody else. Errors name file, line and variable, never a value.
#pragma once

#include <optional>
#include <string>

#include "gateway/binance/secret.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

struct Credentials {
  Secret api_key;
  Secret api_secret;   // HMAC secret or PEM of a private key: Signer::of_key() tells
  std::string source;  // "the environment" or the file's name, for people
};

struct CredentialSource {
  std::string prefix = "REPRISE";  // other prefixes for other accounts: PREFIX_API_KEY
  std::string env_file = ".env";   // may be missing where the environment has all
};

Result<Credentials> load_credentials(const CredentialSource& source);

// This process writes no core file from here on, and others of its user cannot look into its memory. Requests carry the
// key through buffers that are not ours to wipe.
void write_no_core_file();

// The whole of a file that only its owner can read (at most 64 KiB).
Result<Secret> read_secret_file(const std::string& path);
// Copies the variable's value, wipes it where it stands and unsets it; nullopt if there is none.
std::optional<Secret> take_environment_variable(const std::string& name);

}  // namespace reprise::gateway::binance
