// LIST in all its forms (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 9590), LSUB (RFC 3501 §6.3.9),
// STATUS (RFC 9051 §6.3.11).
#include "imap/grammar/list_command.h"

#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

StatusValues status_of(const Session& session, const mailbox::Folder& folder) {
  StatusValues out;
  out.messages = folder.letters;
  out.uid_next = folder.uid_next.value();
  out.uid_validity = folder.uid_validity;
  out.unseen = folder.unseen;
  out.deleted = folder.deleted;
  out.size = folder.bytes;
  out.highest_mod_seq = std::max(folder.mod_seq, mailbox::ModSeq(1));
  out.append_limit = session.options().max_letter_bytes;
  out.deleted_storage = folder.deleted_bytes;
  out.id = folder.id;
  return out;
}

/// What a list knows of each folder beside the folder itself.
struct Listed {
  std::string path;
  bool has_children = false;
  bool chosen = false;        ///< as the selection options have it
  bool matches = false;       ///< a pattern
  bool chosen_below = false;  ///< something below it is chosen
  /// And is not shown by itself: then its parent must be (RFC 5258 §3.5).
  bool hidden_below = false;
};

bool is_chosen(const mailbox::Folder& folder, const ListCommand::Selection& selection) {
  if (selection.subscribed && !folder.subscribed) return false;
  if (selection.special_use && folder.use == mailbox::SpecialUse::kNone) return false;
  return true;
}

// The list is sorted: those below a folder stand right behind it.
std::vector<Listed> look_at(const mailbox::FolderList& folders, const ListCommand& command) {
  const std::vector<ListPattern> patterns = command.compile();
  std::vector<Listed> out(folders.all().size());
  std::vector<std::size_t> above;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const mailbox::Folder& folder = folders.all()[i];
    Listed& listed = out[i];
    listed.path = folders.path_of(folder);
    listed.chosen = is_chosen(folder, command.selection);
    listed.matches =
        std::ranges::any_of(patterns, [&](const ListPattern& each) { return each.matches(listed.path); });
    const auto is_below = [&](const std::string& parent) {
      return listed.path.size() > parent.size() && listed.path.starts_with(parent) &&
             listed.path[parent.size()] == mailbox::kPathSeparator;
    };
    while (!above.empty() && !is_below(out[above.back()].path)) above.pop_back();
    for (const std::size_t parent : above) {
      out[parent].has_children = true;
      out[parent].chosen_below |= listed.chosen;
      out[parent].hidden_below |= listed.chosen && !listed.matches;
    }
    above.push_back(i);
  }
  return out;
}

ListEntry entry_of(const mailbox::Folder& folder, const Listed& listed, const ListCommand& command,
                   bool is_new_client) {
  ListEntry out{.mailbox = listed.path, .attributes = {}};
  if (folder.placeholder)
    out.attributes.push_back(is_new_client || command.extended ? "\\NonExistent" : "\\Noselect");
  out.attributes.push_back(listed.has_children ? "\\HasChildren" : "\\HasNoChildren");
  if ((command.selection.subscribed || command.wanted.subscribed) && folder.subscribed)
    out.attributes.push_back("\\Subscribed");
  if (folder.use != mailbox::SpecialUse::kNone) out.attributes.push_back(special_use_attribute(folder.use));
  out.child_subscribed =
      command.selection.recursive_match && command.selection.subscribed && listed.chosen_below;
  return out;
}

bool asks_for_separator(const ListCommand& command) {
  return command.patterns.size() == 1 && command.patterns.front().empty();
}

}  // namespace

Answer run_list(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_list(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (asks_for_separator(*command)) {
    append_list_separator(session.out());
    co_return ok("That is what stands between names");
  }
  const auto synced = co_await session.mailboxes().sync(session.account());
  if (!synced) co_return reply_for(synced.error());
  const auto folders = co_await session.mailboxes().folders(session.account());
  if (!folders) co_return reply_for(folders.error());
  const std::vector<Listed> all = look_at(**folders, *command);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Listed& listed = all[i];
    const mailbox::Folder& folder = (*folders)->all()[i];
    const bool for_those_below = command->selection.recursive_match && listed.hidden_below;
    if (!listed.matches || !(listed.chosen || for_those_below)) continue;
    append_list(session.out(), entry_of(folder, listed, *command, session.enabled().imap4rev2),
                session.dialect());
    if (!command->wanted.status.empty() && !folder.placeholder) {
      append_status(session.out(), listed.path, command->wanted.status, status_of(session, folder),
                    session.dialect());
    }
    if (!command->wanted.metadata.empty()) {
      const auto entries = co_await load_metadata(session, folder);
      if (!entries) co_return reply_for(entries.error());
      append_wanted(session.out(), listed.path, command->wanted.metadata, *entries, session.dialect());
    }
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  co_return ok("Those are all");
}

Answer run_lsub(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_lsub(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (asks_for_separator(*command)) {
    append_list_separator(session.out(), true);
    co_return ok("That is what stands between names");
  }
  command->selection.subscribed = true;
  const auto folders = co_await session.mailboxes().folders(session.account());
  if (!folders) co_return reply_for(folders.error());
  const std::vector<Listed> all = look_at(**folders, *command);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Listed& listed = all[i];
    // RFC 3501 §6.3.9: "foo" is shown for "foo/bar", when "%" hides that.
    if (!listed.matches || !(listed.chosen || listed.hidden_below)) continue;
    ListEntry entry{.mailbox = listed.path, .attributes = {}, .lsub = true};
    if (!listed.chosen || (*folders)->all()[i].placeholder) entry.attributes.push_back("\\Noselect");
    append_list(session.out(), entry, session.dialect());
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  co_return ok("Those are all");
}

Answer run_status(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_status(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (command->items.has(StatusItem::kHighestModSeq)) session.enabled().condstore = true;
  const auto folder = co_await find_folder(session, command->mailbox);
  if (!folder) co_return reply_for(folder.error());
  if (!*folder) co_return no_such_folder();
  append_status(session.out(), command->mailbox, command->items, status_of(session, **folder),
                session.dialect());
  co_return ok("That is how it stands");
}

}  // namespace pabal::imap::detail
