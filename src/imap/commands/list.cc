// LIST in all its forms (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 9590), LSUB (RFC 3501 §6.3.9),
// STATUS (RFC 9051 §6.3.11).
#include "imap/grammar/list_command.h"

#include <algorithm>
#include <set>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

/// A name of the list: a folder, or one that is there for those below it.
struct Listed {
  std::string path;
  const Home* home = nullptr;
  const mailbox::Folder* folder = nullptr;  ///< null: a name alone
  mailbox::Rights rights = {};
  bool subscribed = false;
  bool has_children = false;
  bool chosen = false;        ///< as the selection options have it
  bool matches = false;       ///< a pattern
  bool chosen_below = false;  ///< something below it is chosen
  /// And is not shown by itself: then its parent must be (RFC 5258 §3.5).
  bool hidden_below = false;

  bool is_name_only() const { return folder == nullptr || folder->placeholder; }
  /// What it is for, its owner alone is told: for others it would be another Trash of theirs.
  mailbox::SpecialUse use() const {
    return folder != nullptr && home->own() ? folder->use : mailbox::SpecialUse::kNone;
  }
};

bool is_chosen(const Listed& listed, const ListCommand::Selection& selection) {
  if (selection.subscribed && !listed.subscribed) return false;
  if (selection.special_use && listed.use() == mailbox::SpecialUse::kNone) return false;
  return true;
}

/// Whether a pattern may mean names below `Shared/`.
bool may_match_shared(const ListPattern& pattern) {
  const std::string_view fixed =
      std::string_view(pattern.text()).substr(0, pattern.text().find_first_of("*%"));
  const std::size_t size = std::min(fixed.size(), mailbox::kSharedName.size());
  return fixed.substr(0, size) == mailbox::kSharedName.substr(0, size);
}

// Names above it that nobody listed yet (RFC 9051 §6.3.9).
void add_names_above(std::vector<Listed>& out, std::set<std::string, std::less<>>& known,
                     const Listed& below) {
  for (std::size_t end = below.path.find(mailbox::kPathSeparator); end != std::string::npos;
       end = below.path.find(mailbox::kPathSeparator, end + 1)) {
    const std::string above = below.path.substr(0, end);
    if (known.insert(above).second) out.push_back({.path = above, .home = below.home});
  }
}

// In an order in which those below a name stand right behind it.
std::vector<Listed> names_of(const Session& session, const std::vector<Home>& homes) {
  std::vector<Listed> out;
  std::set<std::string, std::less<>> known;
  for (const Home& home : homes) {
    for (const mailbox::Folder& folder : home.folders->all()) {
      Listed listed{.path = home.prefix + home.folders->path_of(folder), .home = &home, .folder = &folder};
      listed.rights = home.rights_on(folder, session.account());
      if (!listed.rights.has(mailbox::Right::kLookup)) continue;
      listed.subscribed = home.subscribes(folder);
      if (!home.own()) {
        add_names_above(out, known, listed);
        if (!known.insert(listed.path).second) continue;
      }
      out.push_back(std::move(listed));
    }
  }
  return out;
}

std::vector<Listed> look_at(const Session& session, const std::vector<Home>& homes,
                            const ListCommand& command) {
  const std::vector<ListPattern> patterns = command.compile();
  std::vector<Listed> out = names_of(session, homes);
  std::vector<std::size_t> above;
  for (std::size_t i = 0; i < out.size(); ++i) {
    Listed& listed = out[i];
    listed.chosen = is_chosen(listed, command.selection);
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

net::Task<Result<std::vector<Home>>> find_listed_homes(Session& session, const ListCommand& command) {
  const std::vector<ListPattern> patterns = command.compile();
  return find_homes(session, std::ranges::any_of(patterns, may_match_shared));
}

ListEntry entry_of(const Listed& listed, const ListCommand& command, bool is_new_client) {
  ListEntry out{.mailbox = listed.path, .attributes = {}};
  if (listed.is_name_only())
    out.attributes.push_back(is_new_client || command.extended ? "\\NonExistent" : "\\Noselect");
  out.attributes.push_back(listed.has_children ? "\\HasChildren" : "\\HasNoChildren");
  if ((command.selection.subscribed || command.wanted.subscribed) && listed.subscribed)
    out.attributes.push_back("\\Subscribed");
  if (listed.use() != mailbox::SpecialUse::kNone)
    out.attributes.push_back(special_use_attribute(listed.use()));
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
  const auto homes = co_await find_listed_homes(session, *command);
  if (!homes) co_return reply_for(homes.error());
  for (const Listed& listed : look_at(session, *homes, *command)) {
    const bool for_those_below = command->selection.recursive_match && listed.hidden_below;
    if (!listed.matches || !(listed.chosen || for_those_below)) continue;
    append_list(session.out(), entry_of(listed, *command, session.enabled().imap4rev2), session.dialect());
    // RFC 8440 §3: not of what is shown for those below it alone.
    if (command->wanted.my_rights && listed.chosen && !listed.is_name_only())
      append_my_rights(session.out(), listed.path, listed.rights, session.dialect());
    if (!command->wanted.status.empty() && !listed.is_name_only() &&
        listed.rights.has(mailbox::Right::kRead)) {
      append_status(session.out(), listed.path, command->wanted.status,
                    status_of(session, *listed.home, *listed.folder), session.dialect());
    }
    if (!command->wanted.metadata.empty() && !listed.is_name_only() &&
        listed.rights.has_any(kRightsToAnnotate)) {
      const auto entries = co_await load_metadata(session, *listed.home, *listed.folder);
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
  const auto homes = co_await find_listed_homes(session, *command);
  if (!homes) co_return reply_for(homes.error());
  for (const Listed& listed : look_at(session, *homes, *command)) {
    // RFC 3501 §6.3.9: "foo" is shown for "foo/bar", when "%" hides that.
    if (!listed.matches || !(listed.chosen || listed.hidden_below)) continue;
    ListEntry entry{.mailbox = listed.path, .attributes = {}, .lsub = true};
    if (!listed.chosen || listed.is_name_only()) entry.attributes.push_back("\\Noselect");
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
  if (auto refused = refusal(*folder, {mailbox::Right::kRead})) co_return *std::move(refused);
  append_status(session.out(), command->mailbox, command->items, status_of(session, folder->home, **folder),
                session.dialect());
  co_return ok("That is how it stands");
}

}  // namespace pabal::imap::detail
