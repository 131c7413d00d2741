// GETMETADATA and SETMETADATA (RFC 5464), with special uses (RFC 6154 §5.4). A mailbox's entries lie with it;
// the private ones are its owner's, and who is a guest there has none. Of the server's, those of all are the
// operator's to set.
#include <algorithm>
#include <set>
#include <variant>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/admin_commands.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

using Depth = GetMetadataCommand::Depth;

/// Whether `name` is below `above`, as deep as it may be.
bool is_below(std::string_view name, std::string_view above, Depth depth) {
  if (depth == Depth::kZero || name.size() <= above.size() + 1) return false;
  if (!name.starts_with(above) || name[above.size()] != '/') return false;
  return depth == Depth::kInfinity || name.find('/', above.size() + 1) == std::string_view::npos;
}

/// Returns the size of the largest value that is more than the client wants; 0 if there is none.
std::uint64_t tell(Session& session, const GetMetadataCommand& command,
                   const mailbox::MetadataEntries& entries) {
  std::uint64_t largest_left = 0;
  std::set<std::string_view> told;
  MetadataWriter writer(session.out(), command.mailbox, session.dialect());
  const auto add = [&](std::string_view name, const std::string* value) {
    if (!told.insert(name).second) return;
    if (value != nullptr && command.max_size && value->size() > *command.max_size) {
      largest_left = std::max<std::uint64_t>(largest_left, value->size());
    } else {
      writer.add(name, value);
    }
  };
  for (const std::string& wanted : command.entries) {
    const auto found = entries.find(wanted);
    const bool is_there = found != entries.end();
    if (is_there || command.depth == Depth::kZero) add(wanted, is_there ? &found->second : nullptr);
    for (const auto& [name, value] : entries) {
      if (is_below(name, wanted, command.depth)) add(name, &value);
    }
  }
  writer.finish();
  return largest_left;
}

std::optional<Reply> objection(const SetMetadataCommand& command) {
  for (const auto& [name, value] : command.values) {
    if (command.mailbox.empty() && name.starts_with("/shared/"))
      return no("NOPERM", "What the server says to all is its operator's to set");
    if (value && value->size() > mailbox::kMaxMetadataValueBytes) {
      return no(fmt::format("METADATA MAXSIZE {}", mailbox::kMaxMetadataValueBytes),
                fmt::format("A value may have {} bytes", mailbox::kMaxMetadataValueBytes));
    }
  }
  return {};
}

/// The folder that is annotated; the session ends, or there is a reply in its stead.
net::Task<Result<std::variant<FoundFolder, Reply>>> find_annotated(Session& session,
                                                                   const std::string& path) {
  auto found = co_await find_any_folder(session, path);
  if (!found) co_return reply_for(found.error());
  if (auto refused = refusal(*found, {mailbox::Right::kLookup})) co_return *std::move(refused);
  if (!found->rights.has_any(kRightsToAnnotate)) co_return no_permission();
  co_return *std::move(found);
}

/// The special use among the values, which is taken out of them; the inner nothing: none any more.
Result<std::optional<mailbox::SpecialUse>> take_special_use(mailbox::MetadataEdits& values) {
  const auto found = std::ranges::find(values, kSpecialUseEntry,
                                       [](const auto& edit) -> std::string_view { return edit.first; });
  if (found == values.end()) return std::nullopt;
  auto use = std::optional(mailbox::SpecialUse::kNone);
  if (found->second) use = find_special_use(*found->second);
  if (!use) return fail(ErrorKind::kRefuse, "A mailbox has one special use here, of those that there are");
  values.erase(found);
  return use;
}

// Each use has one folder; the one that loses it is told of, as in RFC 6154 §5.4.
net::Task<Result<void>> set_special_use(Session& session, const FoundFolder& folder,
                                        mailbox::SpecialUse use) {
  const mailbox::Folders& folders = folder.home.folders;
  const mailbox::Folder* had = use == mailbox::SpecialUse::kNone ? nullptr : folders->find_use(use);
  PABAL_CO_TRY_VOID(
      co_await session.mailboxes().change(session.account(), mailbox::SetSpecialUse{folder->id, use}));
  if (had == nullptr || had->id == folder->id) co_return Result<void>();
  MetadataWriter writer(session.out(), folders->path_of(*had), session.dialect());
  writer.add(kSpecialUseEntry, nullptr);
  writer.finish();
  mailbox::Metadata metadata(session.services().engine, session.account());
  PABAL_CO_TRY_VOID(co_await metadata.set(had->id, {}, {std::string(kSpecialUseEntry)}));
  co_return Result<void>();
}

}  // namespace

Answer run_getmetadata(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_getmetadata(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  FoundFolder folder;
  if (!command->mailbox.empty()) {
    PABAL_CO_TRY(auto found, co_await find_annotated(session, command->mailbox));
    if (auto* refused = std::get_if<Reply>(&found)) co_return std::move(*refused);
    folder = std::get<FoundFolder>(std::move(found));
  }
  const auto entries =
      co_await (folder ? load_metadata(session, folder.home, *folder) : load_server_metadata(session));
  if (!entries) co_return reply_for(entries.error());
  const std::uint64_t largest_left = tell(session, *command, *entries);
  Reply reply = ok("Those are all");
  if (largest_left > 0) reply.code = fmt::format("METADATA LONGENTRIES {}", largest_left);
  co_return reply;
}

Answer run_setmetadata(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_setmetadata(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (auto refusal = objection(*command)) co_return *std::move(refusal);
  FoundFolder folder;
  std::optional<mailbox::SpecialUse> use;
  if (!command->mailbox.empty()) {
    PABAL_CO_TRY(auto found, co_await find_annotated(session, command->mailbox));
    if (auto* refused = std::get_if<Reply>(&found)) co_return std::move(*refused);
    folder = std::get<FoundFolder>(std::move(found));
    if (!folder.home.own() &&
        std::ranges::any_of(command->values, [](const auto& edit) { return is_private(edit.first); }))
      co_return no("METADATA NOPRIVATE", "In others' mailboxes there are no notes of your own");
    const auto wanted = take_special_use(command->values);
    if (!wanted || (*wanted && folder->placeholder))
      co_return no("USEATTR",
                   wanted ? "There is no mailbox of that name, only others below" : wanted.error().detail);
    use = *wanted;
  }
  const bool own = !folder || folder.home.own();
  mailbox::Metadata metadata(session.services().engine, own ? session.account() : folder.account());
  std::vector<std::string> computed;
  if (use) computed.emplace_back(kSpecialUseEntry);
  const auto set = co_await metadata.set(folder ? folder->id : mailbox::kAccountMetadata,
                                         std::move(command->values), std::move(computed));
  if (!set) co_return reply_for(set.error(), "METADATA TOOMANY");
  if (use) {
    const auto changed = co_await set_special_use(session, folder, *use);
    if (!changed) co_return reply_for(changed.error());
  }
  if (session.enabled().metadata)
    PABAL_CO_TRY_VOID(co_await tell_metadata(session, own ? *set : std::nullopt));
  co_return ok("Noted");
}

}  // namespace pabal::imap::detail
