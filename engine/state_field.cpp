#include "engine/state_field.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace reprise::engine {

FieldValue integer_value(std::int64_t value, StateArchive::Kind kind) {
  FieldValue made;
  made.kind = kind;
  made.number = value;
  switch (kind) {
    case StateArchive::Kind::decimal: made.text = decimal_text(value); break;
    case StateArchive::Kind::flag: made.text = value != 0 ? "true" : "false"; break;
    default: made.text = std::to_string(value); break;
  }
  return made;
}

FieldValue real_value(double value) {
  FieldValue made;
  made.form = FieldValue::Form::real;
  made.number = std::bit_cast<std::int64_t>(value);
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  made.text.assign(text, end.ptr);
  return made;
}

FieldPath FieldPath::by_places(const std::string& path) {
  FieldPath made;
  made.text = path;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    FieldStep& step = made.steps.emplace_back();
    step.name = path.substr(from, dot - from);
    std::uint64_t place = 0;
    const char* end = step.name.data() + step.name.size();
    const auto number = std::from_chars(step.name.data(), end, place);
    if (number.ec == std::errc() && number.ptr == end) {
      step.name.clear();
      step.place = place;
    }
    from = dot + 1;
  }
  return made;
}

std::optional<FieldValue> FieldProbe::take() {
  REPRISE_ASSERT(open_.size() == 1 && off_ == 0, "an object or list was not ended");
  open_.assign(1, Open{});
  done_ = false;
  return std::exchange(value_, std::nullopt);
}

bool FieldProbe::is_wanted(std::string_view name) const {
  const Open& top = open_.back();
  return off_ == 0 && !done_ && top.step < steps_.size() && !top.is_list && steps_[top.step].name == name;
}

bool FieldProbe::skips(std::string_view name) const {
  if (off_ != 0 || done_) return true;
  return !open_.back().is_list && !is_wanted(name);
}

void FieldProbe::begin(std::string_view name, bool is_list) {
  if (off_ != 0 || done_) {
    ++off_;
    return;
  }
  Open& top = open_.back();
  Open next;
  next.is_list = is_list;
  next.step = top.step + 1;
  if (top.is_list) {
    const std::uint64_t place = top.entries++;
    if (top.step >= steps_.size() || !steps_[top.step].name.empty()) {
      ++off_;
      return;
    }
    const FieldStep& step = steps_[top.step];
    if (step.place) {
      if (*step.place != place) {
        ++off_;
        return;
      }
    } else {
      next.entry = &step;
    }
  } else if (!is_wanted(name)) {
    ++off_;
    return;
  }
  open_.push_back(next);
}

void FieldProbe::end() {
  if (off_ != 0) {
    --off_;
    return;
  }
  const Open closed = open_.back();
  open_.pop_back();
  if (!value_) return;
  if (closed.entry != nullptr && closed.agreed != closed.entry->identity.size()) value_.reset();  // another entry
  const bool in_doubt = std::any_of(open_.begin(), open_.end(), [](const Open& open) {
    return open.entry != nullptr && open.agreed != open.entry->identity.size();
  });
  done_ = value_ && !in_doubt;
}

void FieldProbe::see(std::string_view name, FieldValue value) {
  if (off_ != 0 || done_) return;
  Open& top = open_.back();
  if (top.is_list) {
    const std::uint64_t place = top.entries++;
    const bool is_last = top.step + 1 == steps_.size();
    if (is_last && steps_[top.step].name.empty() && steps_[top.step].place == place) value_ = std::move(value);
    return;
  }
  if (top.entry != nullptr) {
    for (const auto& [field, number] : top.entry->identity)
      if (field == name && value.number == number) ++top.agreed;
  }
  if (top.step + 1 == steps_.size() && is_wanted(name)) {
    value_ = std::move(value);
    if (open_.size() == 1) done_ = true;
  }
}

void FieldProbe::begin_object(std::string_view name) {
  begin(name, false);
}
void FieldProbe::end_object() {
  end();
}
void FieldProbe::begin_list(std::string_view name, std::uint64_t&) {
  begin(name, true);
}
void FieldProbe::end_list() {
  end();
}

void FieldProbe::integer(std::string_view name, std::int64_t& value, Kind kind) {
  if (off_ != 0 || done_) return;
  const Open& top = open_.back();
  if (!top.is_list && top.entry == nullptr && !is_wanted(name)) return;
  FieldValue seen;
  seen.kind = kind;
  seen.number = value;
  if (top.is_list || is_wanted(name)) seen = integer_value(value, kind);
  see(name, std::move(seen));
}
void FieldProbe::real(std::string_view name, double& value) {
  if (open_.back().is_list || is_wanted(name)) see(name, real_value(value));
}
void FieldProbe::text(std::string_view name, std::string& value) {
  if (!open_.back().is_list && !is_wanted(name)) return;
  FieldValue seen;
  seen.form = FieldValue::Form::text;
  seen.text = value;
  see(name, std::move(seen));
}

}  // namespace reprise::engine
