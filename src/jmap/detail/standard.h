// What /get, /changes, /set, /query and /queryChanges have in common (RFC 8620 §5). Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jmap/detail/call.h"

namespace pabal::jmap::detail {

using Properties = std::vector<std::string_view>;

// §5.1

struct GetRequest {
  std::optional<std::vector<std::string_view>> ids;  ///< nothing: all; each once
  std::optional<Properties> properties;              ///< nothing: the default; "id" is always among them
  bool wants(std::string_view property) const;
};
/// `in` has the method's own arguments already read. `known`: all properties; empty if the caller looks
/// itself.
std::expected<GetRequest, MethodError> read_get(Call& call, Arguments& in,
                                                std::span<const std::string_view> known);
/// `{"accountId": ..., "state": ...`; the caller ends the object.
void begin_answer(Call& call, JsonWriter& out);
void write_ids(JsonWriter& out, std::string_view key, std::span<const std::string> ids);

// §5.2

struct ChangesRequest {
  std::string_view since;
  std::optional<std::uint64_t> max;
};
std::expected<ChangesRequest, MethodError> read_changes(Call& call);
struct ChangesAnswer {
  std::string old_state;
  std::string new_state;
  bool more = false;
  std::vector<std::string> created = {}, updated = {}, destroyed = {};
};
/// The object is left open, for what a type tells besides.
void write_changes(Call& call, const ChangesAnswer& answer);

// §5.3

struct SetRequest {
  std::optional<std::string_view> if_in_state;
  const Json::Object* create = nullptr;
  const Json::Object* update = nullptr;
  std::vector<std::string_view> destroy;
};
std::expected<SetRequest, MethodError> read_set(Call& call, Arguments& in);
Outcome check_state(const std::optional<std::string_view>& wanted, std::string_view state);

class SetReport {
 public:
  SetReport() : created_out_(created_), updated_out_(updated_) {}

  /// Writes one entry: the server-set properties of a new record. Call end_object on it.
  JsonWriter& begin_created(std::string_view creation_id) {
    return created_out_.key(creation_id).begin_object();
  }
  void created(std::string_view creation_id, std::string_view id) {
    begin_created(creation_id).key("id").text(id).end_object();
  }
  void updated(std::string_view id) { updated_out_.key(id).null(); }
  void destroyed(std::string_view id) { destroyed_.emplace_back(id); }
  void not_created(std::string_view creation_id, SetError error) {
    not_created_.push_back({std::string(creation_id), std::move(error)});
  }
  void not_updated(std::string_view id, SetError error) {
    not_updated_.push_back({std::string(id), std::move(error)});
  }
  void not_destroyed(std::string_view id, SetError error) {
    not_destroyed_.push_back({std::string(id), std::move(error)});
  }

  void write(Call& call, std::string_view old_state, std::string_view new_state) const;

 private:
  struct Failed {
    std::string id;
    SetError error;
  };
  static void write_failed(JsonWriter& out, std::string_view key, const std::vector<Failed>& failed);

  std::string created_, updated_;
  JsonWriter created_out_, updated_out_;
  std::vector<std::string> destroyed_;
  std::vector<Failed> not_created_, not_updated_, not_destroyed_;
};

// §5.3: a patch. `path` is split at its slashes.
struct PatchStep {
  std::vector<std::string> path;
  const Json* value = nullptr;
};
/// kRefuse, as a SetError invalidPatch: a path that is no pointer, or that is another's beginning.
Settled<std::vector<PatchStep>> read_patch(const Json& patch);

// §5.5, §5.6

struct QueryWindow {
  std::int64_t position = 0;
  std::optional<std::string_view> anchor;
  std::int64_t anchor_offset = 0;
  std::optional<std::uint64_t> limit;
  bool calculate_total = false;
};
QueryWindow read_window(Arguments& in);
struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool limited = false;  ///< by us, so that the client must be told
};
/// `anchor_at`: where the anchor is; nothing if it is not in the list.
std::expected<Window, MethodError> apply_window(const QueryWindow& window, std::size_t size,
                                                std::optional<std::size_t> anchor_at, std::size_t most);

struct QueryAnswer {
  std::string_view state;
  bool can_calculate_changes = true;
  std::size_t size = 0;
  Window window;
  std::function<std::string(std::size_t)> id_at;
};
void write_query(Call& call, const QueryWindow& asked, const QueryAnswer& answer);

struct QueryChangesAnswer {
  std::string_view old_state;
  std::string_view new_state;
  std::optional<std::size_t> total;
  std::vector<std::string> removed = {};
  struct Added {
    std::size_t index;
    std::string id;
  };
  std::vector<Added> added = {};  ///< by index
};
void write_query_changes(Call& call, const QueryChangesAnswer& answer);

}  // namespace pabal::jmap::detail
