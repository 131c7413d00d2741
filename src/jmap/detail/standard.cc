#include "jmap/detail/standard.h"

#include <algorithm>

namespace pabal::jmap::detail {
namespace {

void drop_repeated(std::vector<std::string_view>& names) {
  std::vector<std::string_view> sorted = names;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) == sorted.end()) return;
  std::vector<std::string_view> once;
  for (const std::string_view name : names) {
    if (std::ranges::find(once, name) == once.end()) once.push_back(name);
  }
  names = std::move(once);
}

}  // namespace

bool GetRequest::wants(std::string_view property) const {
  return !properties || property == "id" || std::ranges::find(*properties, property) != properties->end();
}

std::expected<GetRequest, MethodError> read_get(Call& call, Arguments& in,
                                                std::span<const std::string_view> known) {
  GetRequest out;
  out.ids = in.ids("ids");
  out.properties = in.texts("properties");
  if (out.properties && !known.empty()) {
    for (const std::string_view name : *out.properties) {
      if (std::ranges::find(known, name) == known.end())
        in.spoil("properties", fmt::format("there is no property {}", name));
    }
  }
  if (!in.complete()) return in.error();
  if (out.ids) {
    if (out.ids->size() > call.limits().max_objects_in_get)
      return method_error("requestTooLarge",
                          fmt::format("{} may be asked for at once", call.limits().max_objects_in_get));
    for (std::string_view& id : *out.ids) {
      if (id.starts_with('#')) id = call.resolve(id);
    }
    drop_repeated(*out.ids);
  }
  return out;
}

void begin_answer(Call& call, JsonWriter& out) {
  out.begin_object().key("accountId").text(account_id(call.account()));
}

void write_ids(JsonWriter& out, std::string_view key, std::span<const std::string> ids) {
  out.key(key).begin_array();
  for (const std::string& id : ids) out.text(id);
  out.end_array();
}

std::expected<ChangesRequest, MethodError> read_changes(Call& call) {
  Arguments in = call.read();
  ChangesRequest out{.since = in.required_text("sinceState"), .max = in.unsigned_integer("maxChanges")};
  if (out.max && *out.max == 0) in.spoil("maxChanges", "must be above zero");
  if (!in.complete()) return in.error();
  return out;
}

void write_changes(Call& call, const ChangesAnswer& answer) {
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("oldState").text(answer.old_state).key("newState").text(answer.new_state);
  out.key("hasMoreChanges").flag(answer.more);
  write_ids(out, "created", answer.created);
  write_ids(out, "updated", answer.updated);
  write_ids(out, "destroyed", answer.destroyed);
}

std::expected<SetRequest, MethodError> read_set(Call& call, Arguments& in) {
  SetRequest out{.if_in_state = in.text("ifInState"),
                 .create = in.object("create"),
                 .update = in.object("update"),
                 .destroy = in.ids("destroy").value_or(std::vector<std::string_view>())};
  const auto all_objects = [](const Json::Object* records) {
    return records == nullptr || std::ranges::all_of(*records, [](const Json::Member& member) {
             return member.value.as_object() != nullptr;
           });
  };
  if (!all_objects(out.create)) in.spoil("create", "every record in it must be an object");
  if (!all_objects(out.update)) in.spoil("update", "every patch in it must be an object");
  if (out.create != nullptr &&
      !std::ranges::all_of(*out.create, [](const Json::Member& member) { return is_id(member.name); }))
    in.spoil("create", "creation ids must be ids");
  if (!in.complete()) return in.error();
  const std::size_t count = (out.create != nullptr ? out.create->size() : 0) +
                            (out.update != nullptr ? out.update->size() : 0) + out.destroy.size();
  if (count > call.limits().max_objects_in_set)
    return method_error("requestTooLarge",
                        fmt::format("{} may be changed at once", call.limits().max_objects_in_set));
  drop_repeated(out.destroy);
  return out;
}

Outcome check_state(const std::optional<std::string_view>& wanted, std::string_view state) {
  if (!wanted || *wanted == state) return {};
  return method_error("stateMismatch", fmt::format("the state is {}", state));
}

void SetReport::write_failed(JsonWriter& out, std::string_view key, const std::vector<Failed>& failed) {
  if (failed.empty()) return;
  out.key(key).begin_object();
  for (const Failed& each : failed) {
    out.key(each.id);
    each.error.write(out);
  }
  out.end_object();
}

void SetReport::write(Call& call, std::string_view old_state, std::string_view new_state) const {
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("oldState").text(old_state).key("newState").text(new_state);
  if (!created_.empty()) out.key("created").raw("{" + created_ + "}");
  if (!updated_.empty()) out.key("updated").raw("{" + updated_ + "}");
  if (!destroyed_.empty()) write_ids(out, "destroyed", destroyed_);
  write_failed(out, "notCreated", not_created_);
  write_failed(out, "notUpdated", not_updated_);
  write_failed(out, "notDestroyed", not_destroyed_);
  out.end_object();
}

Settled<std::vector<PatchStep>> read_patch(const Json& patch) {
  std::vector<PatchStep> out;
  for (const Json::Member& member : *patch.as_object()) {
    PatchStep step{.path = {}, .value = &member.value};
    step.path.emplace_back();
    for (std::size_t i = 0; i < member.name.size(); ++i) {
      const char c = member.name[i];
      if (c == '/') {
        step.path.emplace_back();
        continue;
      }
      if (c == '~') {
        const char next = i + 1 < member.name.size() ? member.name[++i] : ' ';
        if (next != '0' && next != '1')
          return set_error("invalidPatch", fmt::format("{} is no path", member.name));
        step.path.back().push_back(next == '0' ? '~' : '/');
        continue;
      }
      step.path.back().push_back(c);
    }
    out.push_back(std::move(step));
  }
  std::ranges::sort(out, {}, &PatchStep::path);
  for (std::size_t i = 1; i < out.size(); ++i) {
    const auto& before = out[i - 1].path;
    const auto& path = out[i].path;
    if (before.size() < path.size() && std::equal(before.begin(), before.end(), path.begin()))
      return set_error("invalidPatch", fmt::format("{} and a path below it are both set", before.front()));
  }
  return out;
}

QueryWindow read_window(Arguments& in) {
  return {.position = in.integer("position").value_or(0),
          .anchor = in.id("anchor"),
          .anchor_offset = in.integer("anchorOffset").value_or(0),
          .limit = in.unsigned_integer("limit"),
          .calculate_total = in.flag("calculateTotal", false)};
}

std::expected<Window, MethodError> apply_window(const QueryWindow& window, std::size_t size,
                                                std::optional<std::size_t> anchor_at, std::size_t most) {
  const auto count = static_cast<std::int64_t>(size);
  std::int64_t begin = window.position;
  if (window.anchor) {
    if (!anchor_at) return method_error("anchorNotFound");
    begin = std::max<std::int64_t>(0, static_cast<std::int64_t>(*anchor_at) + window.anchor_offset);
  } else if (begin < 0) {
    begin = std::max<std::int64_t>(0, count + begin);
  }
  Window out;
  out.begin = static_cast<std::size_t>(std::min(begin, count));
  const std::size_t left = size - out.begin;
  const std::size_t wanted = window.limit ? std::min<std::uint64_t>(*window.limit, left) : left;
  out.limited = wanted > most || (!window.limit && left > most);
  out.end = out.begin + std::min(wanted, most);
  return out;
}

void write_query(Call& call, const QueryWindow& asked, const QueryAnswer& answer) {
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("queryState").text(answer.state);
  out.key("canCalculateChanges").flag(answer.can_calculate_changes);
  out.key("position").number(answer.window.begin);
  out.key("ids").begin_array();
  for (std::size_t i = answer.window.begin; i < answer.window.end; ++i) out.text(answer.id_at(i));
  out.end_array();
  if (asked.calculate_total) out.key("total").number(answer.size);
  if (answer.window.limited) out.key("limit").number(answer.window.end - answer.window.begin);
  out.end_object();
}

void write_query_changes(Call& call, const QueryChangesAnswer& answer) {
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("oldQueryState").text(answer.old_state).key("newQueryState").text(answer.new_state);
  if (answer.total) out.key("total").number(*answer.total);
  write_ids(out, "removed", answer.removed);
  out.key("added").begin_array();
  for (const auto& each : answer.added)
    out.begin_object().key("id").text(each.id).key("index").number(each.index).end_object();
  out.end_array().end_object();
}

}  // namespace pabal::jmap::detail
