#include "imap/detail/notify.h"

#include <algorithm>
#include <set>

#include "imap/commands/families.h"
#include "imap/detail/mailbox_filters.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/write_responses.h"
#include "net/scope.h"
#include "net/signal.h"

namespace pabal::imap::detail {
namespace {

using Kind = MailboxFilter::Kind;
using mailbox::Right;

bool is_below(std::string_view path, std::string_view above) {
  return path.size() > above.size() && path.starts_with(above) &&
         path[above.size()] == mailbox::kPathSeparator;
}

std::string path_in(const Home& home, const mailbox::Folder& folder) {
  return home.prefix + home.folders->path_of(folder);
}

void add(NotifyEvents& events, const NotifyEvents& more) {
  events.message_new |= more.message_new;
  events.flag_change |= more.flag_change;
  events.mailbox_name |= more.mailbox_name;
  events.subscription_change |= more.subscription_change;
  events.mailbox_metadata_change |= more.mailbox_metadata_change;
  events.server_metadata_change |= more.server_metadata_change;
}

/// As a client names it, whoever it belongs to.
net::Task<Result<std::string>> normal_name(Session& session, const std::string& name, Home& home) {
  if (!name.starts_with(mailbox::kSharedName)) co_return mailbox::normalize_path(name).value_or(name);
  PABAL_CO_TRY(FoundFolder found, co_await find_any_folder(session, name));
  home = std::move(found.home);
  std::string whole = home.prefix + found.path;
  if (whole.ends_with(mailbox::kPathSeparator)) whole.pop_back();
  co_return whole;
}

/// Whether others' folders may be among those that the filter means.
bool may_mean_shared(const MailboxFilter& filter) {
  if (filter.kind == Kind::kSubscribed) return true;
  return std::ranges::any_of(filter.mailboxes,
                             [](const std::string& name) { return name.starts_with(mailbox::kSharedName); });
}

StatusItems first_items(const NotifyEvents& events) {
  StatusItems items;
  items.add(StatusItem::kMessages);
  items.add(StatusItem::kUidNext);
  items.add(StatusItem::kUidValidity);
  if (events.flag_change) items.add(StatusItem::kHighestModSeq);
  return items;
}

/// What a change of a folder's letters is told with; nothing if it is no news.
StatusItems changed_items(const mailbox::Folder& before, const mailbox::Folder& now,
                          const NotifyEvents& events, bool condstore) {
  StatusItems items;
  if (events.message_new && (before.uid_next != now.uid_next || before.letters != now.letters)) {
    items.add(StatusItem::kMessages);
    items.add(StatusItem::kUidNext);
    if (condstore) items.add(StatusItem::kHighestModSeq);
  }
  if (events.flag_change) {
    if (before.unseen != now.unseen) items.add(StatusItem::kUnseen);
    if (before.unseen != now.unseen || condstore) items.add(StatusItem::kUidValidity);
    if (condstore) items.add(StatusItem::kHighestModSeq);
  }
  return items;
}

/// Where a session waits for any of some accounts to change.
struct News {
  net::Signal came;
  bool are_there = false;
};

net::Task<void> watch(store::Watch& watch, News& news) {
  while (co_await watch.changed()) {
    news.are_there = true;
    news.came.notify_all();
  }
}

Step tell_now(Session& session, bool look_elsewhere) {
  PABAL_CO_TRY_VOID(co_await session.notifier()->tell_news(session, look_elsewhere));
  co_return co_await session.flush_all();
}

// What is being said is said whole, in `outside`: half a line would be the connection's end.
net::Task<void> tell_as_it_comes(Session& session, News& news, net::Context outside) {
  for (bool first = true;; first = false) {
    while (!first && !news.are_there) {
      if (!co_await news.came.wait(net::Deadline::never())) co_return;
    }
    news.are_there = false;
    if (!co_await tell_now(session, !first).in(outside) || session.is_ending()) break;
    if (session.notifier()->empty()) co_return;
  }
  session.connection().close();  // so that the session, which waits for the client, hears of it
}

}  // namespace

net::Task<Result<std::unique_ptr<Notifier>>> Notifier::make(Session& session, NotifyCommand command) {
  auto out = std::make_unique<Notifier>();
  std::size_t names = 0;
  bool shared = false;
  std::vector<Home> named;
  for (NotifyCommand::Group& group : command.groups) {
    if (group.mailboxes.is_selected()) {
      out->selected_ = std::move(group.events);
      out->delays_expunges_ = group.mailboxes.kind == Kind::kSelectedDelayed;
      continue;
    }
    names += group.mailboxes.mailboxes.size();
    if (names > kMaxNames) co_return fail(ErrorKind::kOverLimit, "Name {} mailboxes at most", kMaxNames);
    shared |= may_mean_shared(group.mailboxes);
    for (std::string& name : group.mailboxes.mailboxes) {
      Home home;
      PABAL_CO_TRY(name, co_await normal_name(session, name, home));
      if (home.folders && !home.own()) named.push_back(std::move(home));
    }
    if (!group.events.none()) out->groups_.push_back({std::move(group.mailboxes), std::move(group.events)});
  }
  if (out->groups_.empty()) co_return out;
  PABAL_CO_TRY(out->homes_, co_await find_homes(session, shared));
  // Who gives no rights yet may do so later.
  for (Home& home : named) {
    const bool known = std::ranges::find(out->homes_, home.account, &Home::account) != out->homes_.end();
    if (!known) out->homes_.push_back(std::move(home));
  }
  if (out->homes_.size() > kMaxAccounts)
    co_return fail(ErrorKind::kOverLimit, "More than {} people share folders with you", kMaxAccounts - 1);
  for (const Group& group : out->groups_) add(out->wanted_, group.events);
  if (!out->wants_metadata()) co_return out;
  for (const Home& home : out->homes_) {
    mailbox::Metadata metadata(session.services().engine, home.account);
    PABAL_CO_TRY(const auto latest, co_await metadata.changes_since(UINT64_MAX));
    out->metadata_told_[home.account] = latest.last;
  }
  co_return out;
}

std::vector<account::AccountId> Notifier::accounts(const Session& session) const {
  std::vector<account::AccountId> out;
  for (const Home& home : homes_) out.push_back(home.account);
  const Selected* view = session.selected();
  const bool known = view == nullptr || std::ranges::find(out, view->account) != out.end();
  if (!known && !ignores_selected()) out.push_back(view->account);
  return out;
}

NotifyEvents Notifier::events_for(const Home& home, const std::string& path,
                                  const mailbox::Folder& folder) const {
  NotifyEvents out;
  for (const Group& group : groups_) {
    if (is_meant(group.filter, home, folder, path)) add(out, group.events);
  }
  return out;
}

void Notifier::set_subscribed(account::AccountId account, mailbox::FolderId folder, bool subscribed) {
  const auto home = std::ranges::find(homes_, account, &Home::account);
  if (home == homes_.end()) return;
  std::erase(home->subscribed, folder);
  if (subscribed) home->subscribed.insert(std::ranges::lower_bound(home->subscribed, folder), folder);
}

Step Notifier::tell_state(Session& session, bool with_status) {
  const Selected* view = session.selected();
  for (const Home& home : homes_) {
    for (const mailbox::Folder& folder : home.folders->all()) {
      const mailbox::Rights rights = home.rights_on(folder, session.account());
      if (!rights.has(Right::kLookup) || folder.placeholder) continue;
      const std::string path = path_in(home, folder);
      const NotifyEvents events = events_for(home, path, folder);
      if (events.none()) continue;
      const bool selected = view != nullptr && view->account == home.account && view->folder == folder.id;
      if (!rights.has(Right::kRead)) {
        append_list(session.out(), {.mailbox = path, .attributes = {"\\NoAccess"}}, session.dialect());
      } else if (with_status && events.message_new && !selected) {
        append_status(session.out(), path, first_items(events), status_of(session, home, folder),
                      session.dialect());
      }
      PABAL_CO_TRY_VOID(co_await session.flush());
    }
  }
  co_return Result<void>();
}

Step Notifier::tell_news(Session& session, bool look_elsewhere) {
  for (Home& home : homes_) {
    Result<void> told = co_await tell_news_of(session, home, look_elsewhere);
    if (told && wants_metadata()) told = co_await tell_metadata_of(session, home);
    if (!told && told.error().kind != ErrorKind::kClose && told.error().kind != ErrorKind::kDeadline &&
        told.error().kind != ErrorKind::kCancelled) {
      session.out() += "* OK [NOTIFICATIONOVERFLOW] What is new can't be told at the moment\r\n";
      groups_.clear();
      homes_.clear();
      selected_ = {};
      co_return Result<void>();
    }
    if (!told) co_return std::unexpected(told.error());
  }
  if (session.selected() == nullptr || ignores_selected()) co_return Result<void>();
  co_return co_await session.tell_changes(!delays_expunges_ || session.is_idling(), look_elsewhere,
                                          selected_.flag_change);
}

/// One account's folders as they were told, and as they are.
class Notifier::Looking {
 public:
  Looking(const Notifier& notifier, Session& session, const Home& before, const Home& now)
      : notifier_(notifier), session_(session), before_(before), now_(now) {}

  /// A folder that was there, and may be gone.
  void look_for(const mailbox::Folder& folder) {
    if (now_.folders->find(folder.id) == nullptr) tell_gone(folder);
  }
  void look_at(const mailbox::Folder& folder) {
    if (folder.mod_seq <= before_.folders->mod_seq()) return;
    const mailbox::Folder* before = before_.folders->find(folder.id);
    made_ += before == nullptr ? 1 : 0;
    const bool was_there = before != nullptr && is_there(before_, *before);
    if (!is_there(now_, folder)) {
      if (was_there) tell_gone(*before);
      return;
    }
    const std::string path = path_in(now_, folder);
    const NotifyEvents events = notifier_.events_for(now_, path, folder);
    if (!was_there) {
      if (events.mailbox_name) tell(path);
      tell_parent(path);
      return;
    }
    const bool moved = before->name != folder.name || before->parent != folder.parent;
    const std::string old_path = moved ? path_in(before_, *before) : path;
    const bool wants_old_name =
        moved && old_path != path && notifier_.events_for(before_, old_path, *before).mailbox_name;
    if (old_path != path && (events.mailbox_name || wants_old_name)) {
      tell(path, old_path);
    } else if (events.subscription_change && before->subscribed != folder.subscribed && now_.own()) {
      tell(path);
    }
    if (is_selected(folder) || !now_.rights_on(folder, client()).has(Right::kRead)) return;
    const Enabled& enabled = session_.enabled();
    const StatusItems items = changed_items(*before, folder, events, enabled.condstore || enabled.qresync);
    if (!items.empty())
      append_status(session_.out(), path, items, status_of(session_, now_, folder), session_.dialect());
  }
  /// Known when all that are there were looked at.
  bool are_some_gone() const { return now_.folders->all().size() < before_.folders->all().size() + made_; }
  /// Those above what came and went: whether anything is below them is another thing now.
  void tell_parents() {
    for (const std::string& path : parents_) {
      if (!told_.contains(path)) tell(path);
    }
  }

 private:
  account::AccountId client() const { return session_.account(); }
  bool is_there(const Home& home, const mailbox::Folder& folder) const {
    return !folder.placeholder && home.rights_on(folder, client()).has(Right::kLookup);
  }
  bool is_selected(const mailbox::Folder& folder) const {
    const Selected* view = session_.selected();
    return view != nullptr && view->account == now_.account && view->folder == folder.id;
  }
  void tell_gone(const mailbox::Folder& folder) {
    if (!is_there(before_, folder)) return;
    const std::string path = path_in(before_, folder);
    if (notifier_.events_for(before_, path, folder).mailbox_name) tell(path);
    tell_parent(path);
  }
  void tell_parent(std::string_view path) {
    const std::size_t end = path.rfind(mailbox::kPathSeparator);
    if (end == std::string_view::npos || end < now_.prefix.size()) return;
    std::string above(path.substr(0, end));
    const mailbox::Folder* folder = find(above);
    if (folder != nullptr && notifier_.events_for(now_, above, *folder).mailbox_name)
      parents_.insert(std::move(above));
  }
  const mailbox::Folder* find(std::string_view path) const {
    return now_.folders->find_path(path.substr(now_.prefix.size()));
  }
  bool has_children(const std::string& path) const {
    return std::ranges::any_of(now_.folders->all(), [&](const mailbox::Folder& folder) {
      return now_.rights_on(folder, client()).has(Right::kLookup) && is_below(path_in(now_, folder), path);
    });
  }
  /// A LIST response that says what is there under that name now.
  void tell(const std::string& path, std::string_view old_path = {}) {
    const mailbox::Folder* folder = find(path);
    ListEntry entry{.mailbox = path, .attributes = {}, .old_name = old_path};
    const bool there = folder != nullptr && is_there(now_, *folder);
    if (!there) entry.attributes.push_back("\\NonExistent");
    if (has_children(path)) {
      entry.attributes.push_back("\\HasChildren");
    } else if (there) {
      entry.attributes.push_back("\\HasNoChildren");
    }
    if (there && now_.subscribes(*folder)) entry.attributes.push_back("\\Subscribed");
    if (there && now_.own() && folder->use != mailbox::SpecialUse::kNone)
      entry.attributes.push_back(special_use_attribute(folder->use));
    append_list(session_.out(), entry, session_.dialect());
    told_.insert(path);
  }

  const Notifier& notifier_;
  Session& session_;
  const Home& before_;
  const Home& now_;
  std::size_t made_ = 0;
  std::set<std::string> parents_;
  std::set<std::string> told_;
};

Step Notifier::tell_news_of(Session& session, Home& home, bool look_elsewhere) {
  mailbox::Mailboxes& mailboxes = session.mailboxes();
  if (look_elsewhere) {
    PABAL_CO_TRY_VOID(co_await mailboxes.sync(home.account));
  }
  Home now = home;
  PABAL_CO_TRY(now.folders, co_await mailboxes.folders(home.account));
  if (now.folders->mod_seq() == home.folders->mod_seq()) co_return Result<void>();
  Looking looking(*this, session, home, now);
  for (const mailbox::Folder& folder : now.folders->all()) {
    looking.look_at(folder);
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  if (looking.are_some_gone()) {
    for (const mailbox::Folder& folder : home.folders->all()) {
      looking.look_for(folder);
      PABAL_CO_TRY_VOID(co_await session.flush());
    }
  }
  looking.tell_parents();
  home.folders = now.folders;
  co_return co_await session.flush();
}

// RFC 5465 §5.6, §5.7.
Step Notifier::tell_metadata_of(Session& session, const Home& home) {
  mailbox::Metadata metadata(session.services().engine, home.account);
  std::uint64_t& told = metadata_told_[home.account];
  PABAL_CO_TRY(auto news, co_await metadata.changes_since(told));
  told = news.last;
  for (auto& change : news.changes) {
    if (!home.own()) std::erase_if(change.entries, [](const std::string& name) { return is_private(name); });
    if (change.entries.empty()) continue;
    if (change.folder == mailbox::kAccountMetadata) {
      if (home.own() && wanted_.server_metadata_change)
        append_metadata_changed(session.out(), "", change.entries, session.dialect());
      continue;
    }
    const mailbox::Folder* folder = home.folders->find(change.folder);
    if (folder == nullptr) continue;
    const mailbox::Rights rights = home.rights_on(*folder, session.account());
    if (!rights.has(Right::kLookup) || !rights.has_any(kRightsToAnnotate)) continue;
    const std::string path = path_in(home, *folder);
    if (events_for(home, path, *folder).mailbox_metadata_change)
      append_metadata_changed(session.out(), path, change.entries, session.dialect());
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  co_return Result<void>();
}

Step Notifier::tell_arrivals(Session& session, std::size_t first) const {
  const std::size_t size = session.selected()->told->size();
  if (!selected_.new_items || size <= first) co_return Result<void>();
  const NumberRange all{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(size - 1)};
  co_return co_await fetch_letters(session, *selected_.new_items, {all});
}

Step wait_with_news(Session& session) {
  net::Connection& connection = session.connection();
  if (!connection.buffered_input().empty()) co_return Result<void>();
  const net::Context context = co_await net::current_context();
  std::exception_ptr bug;
  News news;
  // Before anything is told, so that nothing falls between.
  std::vector<std::unique_ptr<store::Watch>> watches;
  for (const account::AccountId account : session.notifier()->accounts(session))
    watches.push_back(session.mailboxes().watch(account));
  net::Scope scope(*context.loop, context.cancel,
                   [&bug](std::exception_ptr thrown) { bug = std::move(thrown); });
  for (const auto& each : watches) scope.spawn(watch(*each, news));
  if (!watches.empty()) scope.spawn(tell_as_it_comes(session, news, context));
  Result<void> heard = co_await connection.wait_for_input(session.in(session.options().deadlines.idle));
  scope.cancel();
  co_await scope.join();
  if (bug) std::rethrow_exception(bug);
  co_return heard;
}

}  // namespace pabal::imap::detail
