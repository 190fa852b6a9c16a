#include "config/yaml_text.h"

#include <yaml-cpp/eventhandler.h>

#include <exception>
#include <sstream>

namespace reprise::config {

namespace {

// Only where documents begin counts here.
class Beginnings final : public YAML::EventHandler {
 public:
  YAML::Mark last;
  void OnDocumentStart(const YAML::Mark& mark) override { last = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

std::string place_text(const std::string& path, const YAML::Mark& mark, YamlPlace place) {
  if (mark.is_null()) return path + ":";
  return path + ":" + std::to_string(mark.line + 1) + ":" +
         (place == YamlPlace::line ? "" : std::to_string(mark.column + 1) + ":");
}

}  // namespace

Error yaml_error(const std::string& path, const YAML::Exception& thrown, YamlPlace place) {
  return usage_error(place_text(path, thrown.mark, place) + " not valid YAML: " + thrown.msg);
}

Result<YAML::Node> parse_yaml(const std::string& path, const std::string& text, YamlPlace place) {
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Beginnings beginnings;
    int documents = 0;
    for (; documents < 3; ++documents) {
      const YAML::Mark before = beginnings.last;
      if (!parser.HandleNextDocument(beginnings)) break;
      if (documents > 0 && beginnings.last.pos == before.pos)
        return usage_error(place_text(path, before, place) + " not valid YAML: nothing can begin here");
    }
    if (documents > 1) return usage_error(path + ": holds more than one YAML document");
    return documents == 0 ? YAML::Node(YAML::NodeType::Undefined) : YAML::Load(text);
  } catch (const YAML::Exception& e) {
    return yaml_error(path, e, place);
  } catch (const std::exception& e) {  // the parser's own containers
    return usage_error(path + ": not valid YAML: " + e.what());
  }
}

}  // namespace reprise::config
