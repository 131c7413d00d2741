#include "imap/detail/mailbox_filters.h"

#include <algorithm>
#include <optional>

namespace pabal::imap::detail {
namespace {

using Kind = MailboxFilter::Kind;

/// How many levels `path` is below `above`; nothing if it is not there.
std::optional<std::size_t> levels_below(std::string_view path, std::string_view above) {
  if (!path.starts_with(above)) return {};
  path.remove_prefix(above.size());
  if (!path.empty() && path.front() != mailbox::kPathSeparator) return {};
  return static_cast<std::size_t>(std::ranges::count(path, mailbox::kPathSeparator));
}

bool is_named(const MailboxFilter& filter, std::string_view path) {
  const std::size_t deepest = filter.kind == Kind::kMailboxes    ? 0
                              : filter.kind == Kind::kSubtreeOne ? 1
                                                                 : mailbox::kMaxFolderDepth;
  return std::ranges::any_of(filter.mailboxes, [&](const std::string& name) {
    const auto above = mailbox::normalize_path(name);
    return above && levels_below(path, *above).value_or(SIZE_MAX) <= deepest;
  });
}

bool is_selected(const Session& session, const FilteredFolder& place) {
  const Selected* view = session.selected();
  return view != nullptr && view->account == place.account && view->folder == place.folder->id;
}

// RFC 7377 §2.2: what is not named itself must be there to be looked up.
bool may_read(const MailboxFilter& filter, mailbox::Rights rights) {
  return rights.has(mailbox::Right::kRead) &&
         (filter.kind == Kind::kMailboxes || filter.is_selected() || rights.has(mailbox::Right::kLookup));
}

}  // namespace

bool is_meant(const MailboxFilter& filter, const Home& home, const mailbox::Folder& folder,
              std::string_view path) {
  switch (filter.kind) {
    case Kind::kInboxes:  // that is where letters are delivered
      return home.own() && folder.id == mailbox::kInbox;
    case Kind::kPersonal:
      return home.own();
    case Kind::kSubscribed:
      return home.subscribes(folder);
    case Kind::kSubtree:
    case Kind::kSubtreeOne:
    case Kind::kMailboxes:
      return is_named(filter, path);
    case Kind::kSelected:
    case Kind::kSelectedDelayed:
      break;
  }
  return false;
}

std::vector<FilteredFolder> find_filtered(const Session& session, const std::vector<MailboxFilter>& filters,
                                          const std::vector<Home>& homes) {
  const std::vector<MailboxFilter> selected = {{.kind = Kind::kSelected}};
  std::vector<FilteredFolder> out;
  for (const Home& home : homes) {
    for (const mailbox::Folder& folder : home.folders->all()) {
      if (folder.placeholder) continue;
      FilteredFolder place{home.account, &folder, home.prefix + home.folders->path_of(folder)};
      const mailbox::Rights rights = home.rights_on(folder, session.account());
      const auto is_wanted = [&](const MailboxFilter& filter) {
        return may_read(filter, rights) &&
               (filter.is_selected() ? is_selected(session, place)
                                     : is_meant(filter, home, folder, place.path));
      };
      if (std::ranges::any_of(filters.empty() ? selected : filters, is_wanted))
        out.push_back(std::move(place));
    }
  }
  return out;
}

bool may_be_shared(const std::vector<MailboxFilter>& filters) {
  return !std::ranges::all_of(filters, [](const MailboxFilter& filter) {
    return filter.kind == Kind::kInboxes || filter.kind == Kind::kPersonal;
  });
}

}  // namespace pabal::imap::detail
