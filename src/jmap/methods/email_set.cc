// Email/set, /import and /copy (RFC 8621 §4.6 to §4.8). What many letters have in common is one change of the
// account: to mark five hundred as read takes one commit, not five hundred.
#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "jmap/detail/arrivals.h"
#include "jmap/detail/compose.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

using mailbox::FolderId;
using mailbox::UidSet;

/// Some rows for one change, and the letters that asked for it.
struct Group {
  UidSet uids;
  std::vector<std::string_view> ids;
  void add(const Place& place, std::string_view id) {
    uids.add(place.uid);
    if (ids.empty() || ids.back() != id) ids.push_back(id);
  }
};

/// What is to be done to letters that are there, grouped by what it is.
struct Plan {
  struct FlagsKey {
    FolderId folder;
    mailbox::FlagEdit how;
    std::uint64_t system;
    std::vector<std::string> keywords;
    auto operator<=>(const FlagsKey&) const = default;
  };
  std::map<FlagsKey, Group> flags;
  std::map<std::pair<FolderId, FolderId>, Group> copies;
  std::map<std::pair<FolderId, FolderId>, Group> moves;
  std::map<FolderId, Group> removals;

  void edit(const Place& place, mailbox::FlagEdit how, const mailbox::FlagNames& names, std::string_view id) {
    if (names == mailbox::FlagNames{}) return;
    flags[{place.folder, how, names.system.value(), names.keywords}].add(place, id);
  }
};

/// What an update wants of one letter.
struct Wanted {
  std::map<std::string, bool> keywords;  ///< in lower case; false: taken away
  bool replaces_keywords = false;        ///< all others are taken away
  std::map<FolderId, bool> folders;
  bool replaces_folders = false;
};

Settled<Wanted> read_update(Call& call, const mailbox::FolderList& folders, const Json& patch) {
  auto steps = read_patch(patch);
  if (!steps) return std::unexpected(std::move(steps).error());
  Wanted out;
  const auto wrong = [](std::string_view property, std::string why) {
    return invalid_property(std::string(property), std::move(why));
  };
  const auto set_keyword = [&](std::string_view name, bool on) {
    if (!is_keyword(name)) return false;
    out.keywords[to_lower(name)] = on;
    return true;
  };
  const auto set_folder = [&](std::string_view text, bool on) {
    const auto id = parse_mailbox_id(call.resolve(text));
    const mailbox::Folder* folder = id ? folders.find(*id) : nullptr;
    if (folder == nullptr || folder->placeholder) return false;
    out.folders[*id] = on;
    return true;
  };
  for (const PatchStep& step : *steps) {
    const std::string& property = step.path.front();
    if (property != "keywords" && property != "mailboxIds") return wrong(property, "can't be changed");
    const bool is_keywords = property == "keywords";
    const auto set = [&](std::string_view name, bool on) {
      return is_keywords ? set_keyword(name, on) : set_folder(name, on);
    };
    const auto is_true = [](const Json& value) { return value.as_bool() != nullptr && *value.as_bool(); };
    if (step.path.size() > 2) return set_error("invalidPatch", fmt::format("nothing is below {}", property));
    if (step.path.size() == 2) {
      if (!step.value->is_null() && !is_true(*step.value)) return wrong(property, "a value is true or null");
      if (!set(step.path[1], !step.value->is_null()))
        return wrong(property, fmt::format("{} is none", step.path[1]));
      continue;
    }
    const bool to_default = is_keywords && step.value->is_null();
    if (!to_default && step.value->as_object() == nullptr) return wrong(property, "must be an object");
    (is_keywords ? out.replaces_keywords : out.replaces_folders) = true;
    if (to_default) continue;
    for (const Json::Member& member : *step.value->as_object()) {
      if (!is_true(member.value)) return wrong(property, "every value in it must be true");
      if (!set(member.name, true)) return wrong(property, fmt::format("{} is none", member.name));
    }
  }
  return out;
}

class Setting {
 public:
  Setting(Call& call, SetReport& report) : call_(call), report_(report) {}

  net::Task<Outcome> run(const SetRequest& request) {
    if (request.create != nullptr) {
      for (const Json::Member& member : *request.create)
        PABAL_CO_TRY_VOID(co_await create(member.name, member.value));
    }
    PABAL_CO_TRY(now_, co_await call_.snapshot());
    if (request.update != nullptr) {
      for (const Json::Member& member : *request.update) update(member.name, member.value);
    }
    for (const std::string_view id : request.destroy) destroy(id);
    co_await carry_out();
    for (const auto& [id, failed] : updates_) {
      failed ? report_.not_updated(id, *failed) : report_.updated(id);
    }
    for (const auto& [id, failed] : destructions_) {
      failed ? report_.not_destroyed(id, *failed) : report_.destroyed(call_.resolve(id));
    }
    co_return Outcome();
  }

 private:
  net::Task<Settled<StoredEmail>> make(const Json& record) {
    const auto folders = co_await call_.mailboxes().folders(call_.account());
    if (!folders) co_return std::unexpected(SetError::of(folders.error()));
    Arguments in(*record.as_object());
    Placement placement = read_placement(call_, **folders, in);
    auto letter = co_await compose_letter(call_, record, in);
    if (!letter) co_return std::unexpected(std::move(letter).error());
    co_return co_await store_email(call_, *std::move(letter), std::move(placement), "JMAP Email/set");
  }

  net::Task<Outcome> create(std::string_view creation_id, const Json& record) {
    const auto made = co_await make(record);
    if (!made) {
      report_.not_created(creation_id, made.error());
      co_return Outcome();
    }
    call_.note_created(creation_id, email_id(made->id));
    JsonWriter& out = report_.begin_created(creation_id);
    PABAL_CO_TRY_VOID(co_await write_stored(call_, out, *made));
    out.end_object();
    co_return Outcome();
  }

  const Email* find(std::string_view text) const {
    const auto id = parse_email_id(call_.resolve(text));
    return id ? now_->find(*id) : nullptr;
  }

  void update(std::string_view text, const Json& patch) {
    std::optional<SetError>& failed = updates_[text];
    const Email* email = find(text);
    if (email == nullptr) {
      failed = SetError{.type = "notFound"};
      return;
    }
    const auto wanted = read_update(call_, now_->folders(), patch);
    if (!wanted) {
      failed = wanted.error();
      return;
    }
    plan_keywords(*email, *wanted, text);
    failed = plan_folders(*email, *wanted, text);
  }

  void plan_keywords(const Email& email, const Wanted& wanted, std::string_view text) {
    mailbox::FlagNames add{};
    mailbox::FlagNames remove{};
    for (const auto& [keyword, on] : wanted.keywords) add_keyword(on ? add : remove, keyword);
    if (wanted.replaces_keywords) {
      for (const std::string& keyword : now_->keywords(email)) {
        if (!wanted.keywords.contains(keyword)) add_keyword(remove, keyword);
      }
    }
    for (const Place& place : now_->places(email)) {
      plan_.edit(place, mailbox::FlagEdit::kAdd, add, text);
      plan_.edit(place, mailbox::FlagEdit::kRemove, remove, text);
    }
  }

  std::optional<SetError> plan_folders(const Email& email, const Wanted& wanted, std::string_view text) {
    if (wanted.folders.empty() && !wanted.replaces_folders) return {};
    const auto places = now_->places(email);
    const auto stays = [&](FolderId folder) {
      const auto found = wanted.folders.find(folder);
      return found != wanted.folders.end() ? found->second : !wanted.replaces_folders;
    };
    std::vector<FolderId> come;
    for (const auto& [folder, on] : wanted.folders) {
      if (on && !now_->is_in(email, folder)) come.push_back(folder);
    }
    std::vector<Place> go;
    for (const Place& place : places) {
      if (!stays(place.folder)) go.push_back(place);
    }
    if (go.size() == places.size() && come.empty())
      return SetError{.type = "invalidProperties",
                      .description = "an email is in one mailbox at least",
                      .properties = {"mailboxIds"}};
    // One that goes makes room for one that comes; the row that is copied goes last.
    const bool moves = !go.empty() && !come.empty();
    const Place source = moves ? go.front() : places.front();
    for (std::size_t i = moves ? 1 : 0; i < come.size(); ++i)
      plan_.copies[{source.folder, come[i]}].add(source, text);
    if (moves) plan_.moves[{source.folder, come.front()}].add(source, text);
    for (std::size_t i = moves ? 1 : 0; i < go.size(); ++i) plan_.removals[go[i].folder].add(go[i], text);
    return {};
  }

  void destroy(std::string_view text) {
    std::optional<SetError>& failed = destructions_[text];
    const Email* email = find(text);
    if (email == nullptr) {
      failed = SetError{.type = "notFound"};
      return;
    }
    for (const Place& place : now_->places(*email)) plan_.removals[place.folder].add(place, text);
  }

  net::Task<void> carry_out() {
    const auto quota = co_await call_.services().directory.load_quota_limit(call_.account());
    const account::QuotaLimit limit = quota.value_or(account::QuotaLimit::unlimited());
    for (const auto& [key, group] : plan_.flags) {
      co_await apply(mailbox::SetFlags{.folder = key.folder,
                                       .uids = group.uids,
                                       .how = key.how,
                                       .flags = {mailbox::Flags(key.system), key.keywords}},
                     group, "tooManyKeywords");
    }
    for (const auto& [key, group] : plan_.copies) {
      co_await apply(
          mailbox::Transfer{
              .from = key.first, .uids = group.uids, .to = key.second, .move = false, .quota = limit},
          group, "overQuota");
    }
    for (const auto& [key, group] : plan_.moves) {
      co_await apply(
          mailbox::Transfer{
              .from = key.first, .uids = group.uids, .to = key.second, .move = true, .quota = limit},
          group, "overQuota");
    }
    for (const auto& [folder, group] : plan_.removals) {
      co_await apply(mailbox::Remove{.folder = folder, .uids = group.uids, .only_deleted = false}, group,
                     "serverFail");
    }
  }

  template <class Change>
  net::Task<void> apply(Change change, const Group& group, std::string_view over_limit) {
    const auto done = co_await call_.mailboxes().change(call_.account(), std::move(change));
    if (done) co_return;
    SetError error = SetError::of(done.error());
    if (done.error().kind == ErrorKind::kOverLimit) error.type = over_limit;
    for (const std::string_view id : group.ids) {
      const auto update = updates_.find(id);
      (update != updates_.end() ? update->second : destructions_[id]) = error;
    }
  }

  Call& call_;
  SetReport& report_;
  SnapshotRef now_;
  Plan plan_;
  std::map<std::string_view, std::optional<SetError>> updates_;
  std::map<std::string_view, std::optional<SetError>> destructions_;
};

net::Task<Settled<StoredEmail>> import(Call& call, const mailbox::FolderList& folders, const Json& record) {
  if (record.as_object() == nullptr) co_return set_error("invalidProperties", "an import is an object");
  Arguments in(*record.as_object());
  const std::string_view id = in.required_text("blobId");
  Placement placement = read_placement(call, folders, in);
  if (!in.complete()) co_return in.set_error();
  const auto name = parse_blob_id(call.resolve(id));
  std::optional<std::string> content;
  if (name) {
    auto loaded = co_await load_blob(call, *name);
    if (!loaded) co_return std::unexpected(SetError::of(loaded.error()));
    content = *std::move(loaded);
  }
  if (!content) co_return std::unexpected(SetError{.type = "blobNotFound", .not_found = {std::string(id)}});
  if (message::header_size(*content) == 0)
    co_return set_error("invalidEmail", "it does not begin with a header");
  co_return co_await store_email(call, *std::move(content), std::move(placement), "JMAP Email/import");
}

}  // namespace

Answer run_email_set(Call& call) {
  Arguments in = call.read();
  const auto request = read_set(call, in);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(const mailbox::ModSeq before, co_await call.mailboxes().sync(call.account()));
  const std::string old_state = state_of(before);
  if (auto same = check_state(request->if_in_state, old_state); !same) co_return same;
  SetReport report;
  Setting setting(call, report);
  if (auto done = co_await setting.run(*request); !done) co_return done;
  PABAL_CO_TRY(const mailbox::ModSeq after, co_await call.mailboxes().sync(call.account()));
  report.write(call, old_state, state_of(after));
  co_return Outcome();
}

Answer run_email_import(Call& call) {
  Arguments in = call.read();
  const auto if_in_state = in.text("ifInState");
  const Json::Object* emails = in.object("emails");
  if (emails == nullptr) in.spoil("emails", "is missing");
  if (!in.complete()) co_return in.error();
  if (emails->size() > call.limits().max_objects_in_set) co_return method_error("requestTooLarge");
  PABAL_CO_TRY(const mailbox::ModSeq before, co_await call.mailboxes().sync(call.account()));
  const std::string old_state = state_of(before);
  if (auto same = check_state(if_in_state, old_state); !same) co_return same;
  PABAL_CO_TRY(const mailbox::Folders folders, co_await call.mailboxes().folders(call.account()));
  SetReport report;
  for (const Json::Member& member : *emails) {
    const auto made = co_await import(call, *folders, member.value);
    if (!made) {
      report.not_created(member.name, made.error());
      continue;
    }
    call.note_created(member.name, email_id(made->id));
    JsonWriter& out = report.begin_created(member.name);
    PABAL_CO_TRY_VOID(co_await write_stored(call, out, *made));
    out.end_object();
  }
  PABAL_CO_TRY(const mailbox::ModSeq after, co_await call.mailboxes().sync(call.account()));
  report.write(call, old_state, state_of(after));
  co_return Outcome();
}

// There is one account for each who logs in, and a copy is between two (RFC 8620 §5.4).
Answer run_email_copy(Call& call) {
  Arguments in = call.read();
  const std::string_view from = in.required_text("fromAccountId");
  for (const std::string_view name :
       {"ifFromInState", "ifInState", "create", "onSuccessDestroyOriginal", "destroyFromIfInState"})
    in.pass_over(name);
  if (!in.complete()) co_return in.error();
  if (from == account_id(call.account()))
    co_return method_error("invalidArguments", "fromAccountId: must be another account");
  co_return method_error("fromAccountNotFound");
}

}  // namespace pabal::jmap::detail
