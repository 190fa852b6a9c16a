#include "config/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "config/document.h"
#include "config/keys.h"
#include "config/yaml_text.h"

namespace reprise::config {

namespace {

constexpr std::size_t kMaxProfileBytes = 1u << 20;
constexpr std::size_t kMaxProfiles = 16;

class ProfileReader {
 public:
  ProfileReader(const ReadFile& read_file, LocatedValues& values) : read_file_(read_file), values_(values) {}

  // Reads `path` after all that it extends, so that its own values win.
  Status read(const std::string& path, const std::string& asked_from) {
    const std::string name = std::filesystem::path(path).lexically_normal().string();
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      std::string circle;
      for (const std::string& file : open_) circle += file + " -> ";
      return usage_error(asked_from + "extends: a circle: " + circle + name, "a profile may not extend itself");
    }
    if (open_.size() >= kMaxProfiles) return usage_error(asked_from + "extends: more than 16 profiles deep");
    auto text = read_file_(path);
    if (!text) {
      Error error = text.error();
      error.message = asked_from + error.message;
      return error;
    }
    if (text->size() > kMaxProfileBytes) return usage_error(path + ": larger than 1 MiB; this is not a profile");
    if (Status checked = check_yaml_text(path, *text); !checked) return checked.error();
    open_.push_back(name);
    Status parsed = parse(path, *text);
    open_.pop_back();
    if (parsed) files.push_back(path);
    return parsed;
  }

  std::vector<std::string> files;

 private:
  Status parse(const std::string& path, const std::string& text) {
    auto root = parse_yaml(path, text, YamlPlace::line);
    if (!root) return root.error();
    try {
      return read_root(path, *root);
    } catch (const YAML::Exception& e) {
      return yaml_error(path, e, YamlPlace::line);
    } catch (const std::exception& e) {
      return usage_error(path + ": not valid YAML: " + e.what());
    }
  }

  static std::string place_of(const std::string& path, const YAML::Node& node) {
    return path + ":" + std::to_string(std::max(node.Mark().line, 0) + 1);
  }

  Status read_root(const std::string& path, const YAML::Node& root) {
    if (!root.IsDefined() || root.IsNull()) return ok_status();  // an empty profile changes nothing
    if (!root.IsMap()) return usage_error(place_of(path, root) + ": a profile is a map of sections");
    for (const auto& item : root) {
      if (item.first.IsScalar() && item.first.Scalar() == "extends") {
        if (!item.second.IsScalar() || item.second.Scalar().empty()) {
          return usage_error(place_of(path, item.first) + ": extends: names one profile");
        }
        const auto base = std::filesystem::path(path).parent_path() / item.second.Scalar();
        Status status = read(base.lexically_normal().string(), place_of(path, item.first) + ": ");
        if (!status) return status;
      }
    }
    std::set<std::string> seen;
    return read_map(path, root, "", 0, seen);
  }

  // Flattens a map into dotted paths. The path says how deep a map may go: section.key, and
  // strategies.NAME.params.KEY. `seen`: every dotted path of this file, however it was written.
  Status read_map(const std::string& path, const YAML::Node& map, const std::string& prefix, std::size_t depth,
                  std::set<std::string>& seen) {
    for (const auto& item : map) {
      const std::string place = place_of(path, item.first);
      if (!item.first.IsScalar()) return usage_error(place + ": a key is a plain word");
      const std::string& name = item.first.Scalar();
      if (depth == 0 && name == "extends") {
        if (!seen.insert(name).second) return usage_error(place + ": extends: stands there twice");
        continue;
      }
      const std::string key = prefix.empty() ? name : prefix + "." + name;
      if (!seen.insert(key).second)
        return usage_error(place + ": key \"" + key.substr(0, 120) + "\" stands there twice");
      if (Status status = read_value(path, place, key, item.second, depth, seen); !status) return status;
    }
    return ok_status();
  }

  Status read_value(const std::string& path, const std::string& place, const std::string& key, const YAML::Node& value,
                    std::size_t depth, std::set<std::string>& seen) {
    const bool is_section = is_known_section(key, depth);
    if (value.IsMap()) {
      if (!is_section) return not_a_section(place, key);
      return read_map(path, value, key, depth + 1, seen);
    }
    if (is_section) {
      if (value.IsNull()) return ok_status();  // "risk:" with everything under it commented out
      return usage_error(place + ": " + key + ": is a section: keys are expected under it");
    }
    if (value.IsSequence()) {
      if (!is_instruments(key)) {
        if (is_value(key)) return usage_error(place + ": " + key + ": takes one value, not a list");
        values_[key] = {"", place};  // an unknown key: refused, with the nearest one, when values are typed
        return ok_status();
      }
      std::string joined;
      for (const YAML::Node& element : value) {
        if (!element.IsScalar() || element.Scalar().find(',') != std::string::npos) {
          return usage_error(place + ": " + key + ": takes a list of symbols");
        }
        joined += (joined.empty() ? "" : ",") + element.Scalar();
      }
      values_[key] = {joined, place};
      return ok_status();
    }
    if (!value.IsScalar()) {
      return usage_error(place + ": " + key + ": has no value", "write \"\" for an empty text, or leave the key out");
    }
    values_[key] = {value.Scalar(), place};
    return ok_status();
  }

  static bool is_instruments(const std::string& key) {
    return key.rfind("strategies.", 0) == 0 && key.size() > 12 && key.rfind(".instruments") == key.size() - 12;
  }

  // A key that takes one value.
  static bool is_value(const std::string& key) {
    const auto ends_with = [&](std::string_view end) {
      return key.size() > end.size() && key.compare(key.size() - end.size(), end.size(), end) == 0;
    };
    if (key.rfind("strategies.", 0) == 0)
      return ends_with(".kind") || ends_with(".enabled") || key.find(".params.") != std::string::npos;
    return find_key(key) != nullptr;
  }

  // strategies, strategies.NAME, strategies.NAME.params, and every prefix of a listed key.
  static bool is_known_section(const std::string& key, std::size_t depth) {
    if (key == "strategies") return true;
    if (key.rfind("strategies.", 0) == 0) {
      return depth == 1 || (depth == 2 && key.size() > 7 && key.rfind(".params") == key.size() - 7);
    }
    if (depth != 0) return false;
    const std::string prefix = key + ".";
    for (const Key& known : keys()) {
      if (known.path.rfind(prefix, 0) == 0) return true;
    }
    return false;
  }

  static Status not_a_section(const std::string& place, const std::string& key) {
    if (find_key(key) != nullptr) return usage_error(place + ": " + key + ": takes one value, not a map");
    std::set<std::string> sections = {"strategies"};
    for (const Key& known : keys()) sections.insert(known.path.substr(0, known.path.find('.')));
    Error error = usage_error(place + ": unknown section \"" + key.substr(0, 120) + "\"");
    const std::string near = nearest(key, {sections.begin(), sections.end()});
    error.hint = near.empty() ? "config/KEYS.md lists every key" : "did you mean \"" + near + "\"?";
    return error;
  }

  const ReadFile& read_file_;
  LocatedValues& values_;
  std::vector<std::string> open_;  // profiles being read, outermost first
};

Status apply_sets(const std::vector<std::string>& sets, LocatedValues& values) {
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage_error("--set " + set.substr(0, 120) + ": is not of the form key=value",
                         "for example --set risk.max_leverage=2");
    }
    values[set.substr(0, equals)] = {set.substr(equals + 1), "--set"};
  }
  return ok_status();
}

Result<Loaded> finish(const LocatedValues& values, const StrategyCatalog& catalog, std::vector<std::string> files) {
  auto config = config_from(values, catalog);
  if (!config) return config.error();
  Loaded loaded;
  loaded.entries = to_entries(*config);
  loaded.config = std::move(*config);
  loaded.files = std::move(files);
  return loaded;
}

}  // namespace

Result<std::string> read_profile(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return usage_error(path + ": is a folder, not a profile");
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const std::string why = std::strerror(errno);
    return usage_error(path + ": cannot be read: " + why,
                       "--config names a YAML profile, for example config/config.yaml");
  }
  std::string text(kMaxProfileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return io_error(path + ": reading failed");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<Loaded> load(const std::string& path, const std::vector<std::string>& sets, const StrategyCatalog& catalog,
                    const ReadFile& read_file) {
  LocatedValues values;
  ProfileReader reader(read_file, values);
  if (Status read = reader.read(path, ""); !read) return read.error();
  if (Status applied = apply_sets(sets, values); !applied) return applied.error();
  return finish(values, catalog, std::move(reader.files));
}

Result<Loaded> override_entries(const Entries& entries, const std::vector<std::string>& sets,
                                const StrategyCatalog& catalog) {
  LocatedValues values;
  for (const auto& [key, text] : entries) values[key] = {text, "configuration record"};
  if (Status applied = apply_sets(sets, values); !applied) return applied.error();
  return finish(values, catalog, {});
}

}  // namespace reprise::config
