// Mailbox/set (RFC 8621 §2.5). Each folder is one change of the account, or a few; what one of them refuses
// is told for its folder, and those before it stand. So all that can be seen to be wrong is looked at first.
#include <algorithm>

#include "jmap/detail/folders.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

using mailbox::Folder;
using mailbox::FolderId;

/// What a client wants a folder to be; what is absent stays.
struct Wanted {
  std::optional<std::string> name;
  std::optional<FolderId> parent;  ///< 0: at the top
  std::optional<mailbox::SpecialUse> use;
  std::optional<bool> subscribed;
};

Settled<std::string> read_name(std::string_view name, bool at_top) {
  if (name.find(mailbox::kPathSeparator) != std::string_view::npos)
    return invalid_property("name", "a name has no / in it");
  auto normal = mailbox::normalize_folder_name(name, at_top);
  if (!normal) return invalid_property("name", normal.error().detail);
  return *std::move(normal);
}

class Setting {
 public:
  Setting(Call& call, SetReport& report) : call_(call), report_(report) {}

  net::Task<Outcome> run(const SetRequest& request, bool remove_emails) {
    if (request.create != nullptr) {
      for (const Json::Member& member : *request.create) co_await create(member.name, member.value);
    }
    if (request.update != nullptr) {
      for (const Json::Member& member : *request.update) co_await update(member.name, member.value);
    }
    // Those below first, so that a whole branch can go in one call.
    std::vector<std::string_view> destroy = request.destroy;
    PABAL_CO_TRY(const mailbox::Folders folders, co_await call_.mailboxes().folders(call_.account()));
    const auto by_depth = [&](std::string_view id) {
      const Folder* folder = find(*folders, call_.resolve(id));
      std::size_t depth = 0;
      for (; folder != nullptr; folder = folders->find(folder->parent)) ++depth;
      return std::pair(depth, id);
    };
    std::ranges::sort(destroy, std::ranges::greater(), by_depth);
    for (const std::string_view id : destroy) co_await this->destroy(id, remove_emails);
    co_return Outcome();
  }

 private:
  static const Folder* find(const mailbox::FolderList& folders, std::string_view text) {
    const auto id = parse_mailbox_id(text);
    return id ? folders.find(*id) : nullptr;
  }

  template <class Change>
  net::Task<Settled<FolderId>> apply(Change change) {
    auto done = co_await call_.mailboxes().change(call_.account(), std::move(change));
    if (!done) {
      SetError error = SetError::of(done.error());
      if (error.type == "forbidden") error.type = "invalidProperties", error.properties = {"name"};
      co_return std::unexpected(std::move(error));
    }
    co_return done->folder;
  }

  Settled<Wanted> read(Arguments& in, const mailbox::FolderList& folders, const Folder* before) {
    Wanted out;
    if (const auto name = in.text("name")) out.name = *name;
    if (in.has("name") && !out.name) in.spoil("name", "must be a string");
    if (in.has("parentId")) {
      const auto parent = in.text("parentId");
      const Folder* above = parent ? find(folders, call_.resolve(*parent)) : nullptr;
      if (parent && above == nullptr) in.spoil("parentId", "there is no such mailbox");
      out.parent = above != nullptr ? above->id : FolderId();
    }
    if (in.has("role")) {
      const auto role = in.text("role");
      out.use = role ? use_of_role(*role) : mailbox::SpecialUse::kNone;
      const bool stays = before != nullptr && role && *role == role_of(*before);
      if (stays) out.use.reset();
      if (!out.use && !stays) in.spoil("role", "nothing can be given that role");
    }
    out.subscribed = in.boolean("isSubscribed");
    if (in.has("sortOrder")) {
      // It follows from the role; saying so again is no fault.
      const auto order = in.unsigned_integer("sortOrder");
      if (order && *order != (before != nullptr ? sort_order_of(*before) : 0) && *order != 0)
        in.spoil("sortOrder", "is set by the server");
    }
    if (before != nullptr) pass_over_unchanged(in, *before);
    if (!in.complete()) return in.set_error();
    if (out.name && (before == nullptr || *out.name != name_of(*before))) {
      const FolderId parent = out.parent.value_or(before != nullptr ? before->parent : FolderId());
      auto name = read_name(*out.name, parent == FolderId());
      if (!name) return std::unexpected(std::move(name).error());
      out.name = *std::move(name);
    } else {
      out.name.reset();
    }
    if (out.use && *out.use != mailbox::SpecialUse::kNone) {
      const Folder* other = folders.find_use(*out.use);
      if (other != nullptr && (before == nullptr || other->id != before->id))
        return invalid_property("role", "another mailbox has it");
    }
    return out;
  }

  // A client may send a record back as it got it (RFC 8620 §5.3).
  static void pass_over_unchanged(Arguments& in, const Folder& before) {
    if (const auto id = in.text("id"); id && *id != mailbox_id(before.id)) in.spoil("id", "can't be changed");
  }

  // Names must differ among those with one parent; a placeholder's is free.
  static Settled<void> check_free(const mailbox::FolderList& folders, FolderId parent, std::string_view name,
                                  FolderId self) {
    for (const Folder& each : folders.all()) {
      if (each.parent == parent && each.name == name && each.id != self && !each.placeholder)
        return invalid_property("name", "a mailbox of that name is there already");
    }
    return {};
  }

  static std::string path_of(const mailbox::FolderList& folders, FolderId parent, std::string_view name) {
    const Folder* above = folders.find(parent);
    return above != nullptr ? fmt::format("{}{}{}", folders.path_of(*above), mailbox::kPathSeparator, name)
                            : std::string(name);
  }

  net::Task<Settled<FolderId>> make(const Json& record) {
    const auto folders = co_await call_.mailboxes().folders(call_.account());
    if (!folders) co_return std::unexpected(SetError::of(folders.error()));
    Arguments in(*record.as_object());
    const auto wanted = read(in, **folders, nullptr);
    if (!wanted) co_return std::unexpected(wanted.error());
    if (!wanted->name) co_return invalid_property("name", "must be given");
    const FolderId parent = wanted->parent.value_or(FolderId());
    if (auto free = check_free(**folders, parent, *wanted->name, FolderId()); !free)
      co_return std::unexpected(std::move(free).error());
    auto made =
        co_await apply(mailbox::CreateFolder{.path = path_of(**folders, parent, *wanted->name),
                                             .use = wanted->use.value_or(mailbox::SpecialUse::kNone)});
    if (!made) co_return std::unexpected(std::move(made).error());
    if (wanted->subscribed.value_or(true)) {
      auto done = co_await apply(mailbox::SetSubscribed{.folder = *made, .subscribed = true});
      if (!done) co_return std::unexpected(std::move(done).error());
    }
    co_return *made;
  }

  net::Task<void> create(std::string_view creation_id, const Json& record) {
    const auto made = co_await make(record);
    if (!made) {
      report_.not_created(creation_id, made.error());
      co_return;
    }
    const auto folders = co_await call_.mailboxes().folders(call_.account());
    const Folder* folder = folders ? (*folders)->find(*made) : nullptr;
    call_.note_created(creation_id, mailbox_id(*made));
    JsonWriter& out = report_.begin_created(creation_id).key("id").text(mailbox_id(*made));
    // What the server set, and the client did not say.
    if (record.find("sortOrder") == nullptr)
      out.key("sortOrder").number(folder != nullptr ? sort_order_of(*folder) : 0);
    if (record.find("role") == nullptr) out.key("role").null();
    if (record.find("parentId") == nullptr) out.key("parentId").null();
    if (record.find("isSubscribed") == nullptr) out.key("isSubscribed").flag(true);
    for (const std::string_view name : {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"})
      out.key(name).number(0);
    out.key("myRights").begin_object();
    for (const std::string_view name :
         {"mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords", "mayCreateChild",
          "mayRename", "mayDelete", "maySubmit"})
      out.key(name).flag(true);
    out.end_object().end_object();
  }

  net::Task<Settled<void>> change(FolderId id, const Json& patch) {
    const auto folders = co_await call_.mailboxes().folders(call_.account());
    if (!folders) co_return std::unexpected(SetError::of(folders.error()));
    const Folder* const before = (*folders)->find(id);
    if (before == nullptr) co_return set_error("notFound");
    for (const Json::Member& member : *patch.as_object()) {
      if (member.name.find('/') != std::string::npos)
        co_return set_error("invalidPatch", "nothing in a mailbox can be patched from within");
    }
    Arguments in(*patch.as_object());
    const auto wanted = read(in, **folders, before);
    if (!wanted) co_return std::unexpected(wanted.error());
    const std::string name = wanted->name.value_or(before->name);
    const FolderId parent = wanted->parent.value_or(before->parent);
    const bool moves = name != before->name || parent != before->parent;
    if (moves && id == mailbox::kInbox) co_return set_error("forbidden", "the inbox stays where it is");
    if (wanted->use && id == mailbox::kInbox) co_return invalid_property("role", "the inbox stays the inbox");
    if (auto free = check_free(**folders, parent, name, id); !free)
      co_return std::unexpected(std::move(free).error());
    for (const Folder* above = (*folders)->find(parent); above != nullptr;
         above = (*folders)->find(above->parent)) {
      if (above->id == id) co_return invalid_property("parentId", "a mailbox can't be below itself");
    }
    if (moves) {
      auto done =
          co_await apply(mailbox::RenameFolder{.folder = id, .path = path_of(**folders, parent, name)});
      if (!done) co_return std::unexpected(std::move(done).error());
    }
    if (wanted->use && *wanted->use != before->use) {
      auto done = co_await apply(mailbox::SetSpecialUse{.folder = id, .use = *wanted->use});
      if (!done) co_return std::unexpected(std::move(done).error());
    }
    if (wanted->subscribed && *wanted->subscribed != before->subscribed) {
      auto done = co_await apply(mailbox::SetSubscribed{.folder = id, .subscribed = *wanted->subscribed});
      if (!done) co_return std::unexpected(std::move(done).error());
    }
    co_return Settled<void>();
  }

  net::Task<void> update(std::string_view text, const Json& patch) {
    const auto id = parse_mailbox_id(call_.resolve(text));
    Settled<void> done = set_error("notFound");
    if (id) done = co_await change(*id, patch);
    if (done) {
      report_.updated(text);
    } else {
      report_.not_updated(text, done.error());
    }
  }

  net::Task<Settled<void>> remove(std::string_view text, bool remove_emails) {
    const auto snapshot = co_await call_.snapshot();
    if (!snapshot) co_return std::unexpected(SetError::of(snapshot.error()));
    const mailbox::FolderList& folders = (*snapshot)->folders();
    const Folder* folder = find(folders, call_.resolve(text));
    if (folder == nullptr) co_return set_error("notFound");
    if (folder->id == mailbox::kInbox || folder->placeholder)
      co_return set_error("forbidden", "that mailbox stays");
    if (folders.has_children(folder->id)) co_return set_error("mailboxHasChild");
    if (!remove_emails && (*snapshot)->counts(folder->id).emails > 0) co_return set_error("mailboxHasEmail");
    auto done = co_await apply(mailbox::DeleteFolder{folder->id});
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return Settled<void>();
  }

  net::Task<void> destroy(std::string_view text, bool remove_emails) {
    const auto done = co_await remove(text, remove_emails);
    if (done) {
      report_.destroyed(call_.resolve(text));
    } else {
      report_.not_destroyed(text, done.error());
    }
  }

  Call& call_;
  SetReport& report_;
};

}  // namespace

Answer run_mailbox_set(Call& call) {
  Arguments in = call.read();
  const bool remove_emails = in.flag("onDestroyRemoveEmails", false);
  const auto request = read_set(call, in);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(const mailbox::ModSeq before, co_await call.mailboxes().sync(call.account()));
  const std::string old_state = state_of(before);
  if (auto same = check_state(request->if_in_state, old_state); !same) co_return same;
  SetReport report;
  Setting setting(call, report);
  if (auto done = co_await setting.run(*request, remove_emails); !done) co_return done;
  PABAL_CO_TRY(const mailbox::ModSeq after, co_await call.mailboxes().sync(call.account()));
  report.write(call, old_state, state_of(after));
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
