#include "jmap/snapshot.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/ascii.h"

namespace pabal::jmap {
namespace {

using mailbox::FolderId;
using mailbox::LetterId;

struct Item {
  LetterId letter;
  Place place;
  std::chrono::sys_seconds received;
  std::uint32_t size_bytes;
  mailbox::ModSeq mod_seq;
};

bool is_before(const Item& a, const Item& b) {
  return std::tie(a.letter, a.place.folder, a.place.uid) < std::tie(b.letter, b.place.folder, b.place.uid);
}

// A folder's letters mostly lie in the order of their ids, so that merging is nearly all there is to do.
void append_folder(std::vector<Item>& items, const mailbox::FolderTable& table) {
  const auto before = static_cast<std::ptrdiff_t>(items.size());
  items.reserve(items.size() + table.size());
  table.for_each([&](std::size_t, const mailbox::Row& row) {
    if (mailbox::has(row.flags, mailbox::kDeleted)) return;
    items.push_back(
        {row.letter, {table.folder(), row.uid, row.flags}, row.received, row.size_bytes, row.mod_seq});
  });
  const auto middle = items.begin() + before;
  if (!std::is_sorted(middle, items.end(), is_before)) std::sort(middle, items.end(), is_before);
  if (before == 0 || middle == items.end() || is_before(*(middle - 1), *middle)) return;
  std::vector<Item> merged;
  merged.reserve(items.size());
  std::merge(items.begin(), middle, middle, items.end(), std::back_inserter(merged), is_before);
  items = std::move(merged);
}

struct SystemKeyword {
  std::string_view name;
  mailbox::Flags flag;
};
constexpr SystemKeyword kSystemKeywords[] = {{"$answered", mailbox::kAnswered},
                                             {"$draft", mailbox::kDraft},
                                             {"$flagged", mailbox::kFlagged},
                                             {"$seen", mailbox::kSeen}};

std::optional<mailbox::Flags> find_system(std::string_view name) {
  for (const SystemKeyword& each : kSystemKeywords) {
    if (equals_ignoring_case(each.name, name)) return each.flag;
  }
  return {};
}

}  // namespace

bool is_keyword(std::string_view name) {
  return !name.empty() && name.size() <= kMaxJmapKeywordBytes && std::ranges::all_of(name, [](char c) {
    return is_vchar(c) && std::string_view("(){]%*\"\\").find(c) == std::string_view::npos;
  });
}

void add_keyword(mailbox::FlagNames& names, std::string_view name) {
  if (const auto system = find_system(name)) {
    names.system = mailbox::with(names.system, *system);
  } else {
    names.keywords.push_back(to_lower(name));
  }
}

Snapshot::Snapshot(mailbox::Folders folders, std::vector<mailbox::Table> tables)
    : folders_(std::move(folders)), tables_(std::move(tables)) {
  std::ranges::sort(tables_, {}, [](const mailbox::Table& table) { return table->folder(); });
  std::vector<Item> items;
  std::vector<const mailbox::FolderTable*> large_first;
  for (const mailbox::Table& table : tables_) large_first.push_back(table.get());
  std::ranges::sort(large_first, std::ranges::greater(), &mailbox::FolderTable::size);
  for (const mailbox::FolderTable* table : large_first) append_folder(items, *table);
  places_.reserve(items.size());
  emails_.reserve(items.size());
  for (const Item& item : items) {
    if (emails_.empty() || emails_.back().id != item.letter) {
      emails_.push_back({.id = item.letter,
                         .thread = item.letter,
                         .received = item.received,
                         .size_bytes = item.size_bytes,
                         .first_place = static_cast<std::uint32_t>(places_.size())});
    }
    Email& email = emails_.back();
    ++email.place_count;
    email.system = mailbox::with(email.system,
                                 mailbox::Flags(item.place.flags.value() & mailbox::kAllSystemFlags.value()));
    email.changed = std::max(email.changed, item.mod_seq);
    places_.push_back(item.place);
  }
}

const mailbox::Table& Snapshot::table(FolderId folder) const {
  static const mailbox::Table none;
  const auto found = std::ranges::lower_bound(tables_, folder, {},
                                              [](const mailbox::Table& table) { return table->folder(); });
  return found != tables_.end() && (*found)->folder() == folder ? *found : none;
}

std::optional<Snapshot::Index> Snapshot::index_of(LetterId id) const {
  const auto found = std::ranges::lower_bound(emails_, id, {}, &Email::id);
  if (found == emails_.end() || found->id != id) return {};
  return static_cast<Index>(found - emails_.begin());
}

const Email* Snapshot::find(LetterId id) const {
  const auto index = index_of(id);
  return index ? &emails_[*index] : nullptr;
}

bool Snapshot::is_in(const Email& email, FolderId folder) const {
  return std::ranges::any_of(places(email), [&](const Place& place) { return place.folder == folder; });
}

bool Snapshot::has_keyword(const Email& email, std::string_view name) const {
  if (const auto system = find_system(name)) return mailbox::has(email.system, *system);
  return std::ranges::any_of(places(email), [&](const Place& place) {
    const mailbox::Folder* folder = folders_->find(place.folder);
    const auto flag = folder != nullptr ? folder->keywords.find_keyword(name) : std::nullopt;
    return flag && mailbox::has(place.flags, *flag);
  });
}

std::vector<std::string> Snapshot::keywords(const Email& email) const {
  std::vector<std::string> out;
  for (const SystemKeyword& each : kSystemKeywords) {
    if (mailbox::has(email.system, each.flag)) out.emplace_back(each.name);
  }
  bool more = false;
  for (const Place& place : places(email)) {
    if (mailbox::without(place.flags, mailbox::kAllSystemFlags) == mailbox::Flags()) continue;
    const mailbox::Folder* folder = folders_->find(place.folder);
    if (folder == nullptr) continue;
    for (const std::string& name : folder->keywords.names_of(place.flags).keywords) {
      std::string lower = to_lower(name);
      if (is_keyword(lower)) out.push_back(std::move(lower));
      more = true;
    }
  }
  if (more) {
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
  }
  return out;
}

void Snapshot::group_threads() {
  by_thread_.resize(emails_.size());
  for (Index i = 0; i < by_thread_.size(); ++i) by_thread_[i] = i;
  const auto less = [&](Index a, Index b) {
    const Email& x = emails_[a];
    const Email& y = emails_[b];
    return std::tie(x.thread, x.received, x.id) < std::tie(y.thread, y.received, y.id);
  };
  if (!std::ranges::is_sorted(by_thread_, less)) std::ranges::sort(by_thread_, less);
}

std::span<const Snapshot::Index> Snapshot::thread(LetterId id) const {
  const auto thread_of = [&](Index index) { return emails_[index].thread; };
  const auto [first, last] = std::ranges::equal_range(by_thread_, id, {}, thread_of);
  return {first, last};
}

void Snapshot::count() const {
  for (const mailbox::Table& table : tables_) counts_.push_back({table->folder(), {}});
  const auto of = [&](FolderId folder) -> FolderCounts& {
    return std::ranges::lower_bound(counts_, folder, {}, &Counted::folder)->counts;
  };
  const mailbox::Folder* const trash = folders_->find_use(mailbox::SpecialUse::kTrash);
  const FolderId trash_id = trash != nullptr ? trash->id : FolderId();
  std::vector<FolderId> seen;
  for (auto at = by_thread_.begin(); at != by_thread_.end();) {
    const LetterId thread = emails_[*at].thread;
    // The trash is as another thread (RFC 8621 §2).
    bool unread_in_trash = false;
    bool unread_elsewhere = false;
    seen.clear();
    for (; at != by_thread_.end() && emails_[*at].thread == thread; ++at) {
      const Email& email = emails_[*at];
      FolderId before;
      bool in_trash = false;
      bool elsewhere = false;
      for (const Place& place : places(email)) {
        if (place.folder == before) continue;
        before = place.folder;
        (place.folder == trash_id ? in_trash : elsewhere) = true;
        FolderCounts& counts = of(place.folder);
        ++counts.emails;
        if (email.is_unread()) ++counts.unread_emails;
        if (std::ranges::find(seen, place.folder) == seen.end()) seen.push_back(place.folder);
      }
      unread_in_trash = unread_in_trash || (in_trash && email.is_unread());
      unread_elsewhere = unread_elsewhere || (elsewhere && email.is_unread());
    }
    for (const FolderId folder : seen) {
      FolderCounts& counts = of(folder);
      ++counts.threads;
      if (folder == trash_id ? unread_in_trash : unread_elsewhere) ++counts.unread_threads;
    }
  }
}

FolderCounts Snapshot::counts(FolderId folder) const {
  std::call_once(counted_, [this] { count(); });
  const auto found = std::ranges::lower_bound(counts_, folder, {}, &Counted::folder);
  return found != counts_.end() && found->folder == folder ? found->counts : FolderCounts();
}

std::size_t Snapshot::memory_bytes() const {
  return sizeof(*this) + emails_.capacity() * sizeof(Email) + places_.capacity() * sizeof(Place) +
         by_thread_.capacity() * sizeof(Index);
}

SnapshotRef Snapshots::find(account::AccountId account) {
  const std::scoped_lock lock(mutex_);
  const SnapshotRef* found = kept_.find(account);
  return found != nullptr ? *found : nullptr;
}

void Snapshots::keep(account::AccountId account, SnapshotRef snapshot) {
  const std::scoped_lock lock(mutex_);
  const auto bytes_of = [](const SnapshotRef& kept) { return kept ? kept->memory_bytes() : 0; };
  while (kept_.size() == kept_.max_size() || (kept_.size() > 0 && kept_bytes_ > max_bytes_)) {
    const account::AccountId oldest = *kept_.oldest_key();
    kept_bytes_ -= bytes_of(*kept_.find(oldest));
    kept_.erase(oldest);
  }
  SnapshotRef& slot = kept_.find_or_add(account);
  if (slot && slot->mod_seq() > snapshot->mod_seq()) return;
  kept_bytes_ += bytes_of(snapshot);
  kept_bytes_ -= bytes_of(slot);
  slot = std::move(snapshot);
}

net::Task<Result<SnapshotRef>> Snapshots::load(account::AccountId account) {
  PABAL_CO_TRY_VOID(co_await mailboxes_.sync(account));
  const SnapshotRef kept = find(account);
  if (kept) {
    PABAL_CO_TRY(const mailbox::Folders folders, co_await mailboxes_.folders(account));
    if (folders->mod_seq() == kept->mod_seq()) co_return kept;
  }
  PABAL_CO_TRY(const std::shared_ptr<Snapshot> fresh, co_await make(account));
  PABAL_CO_TRY_VOID(co_await set_threads(account, *fresh, kept.get()));
  keep(account, fresh);
  co_return SnapshotRef(fresh);
}

// Folders and tables are of one moment if nothing changed between the first look and the last.
net::Task<Result<std::shared_ptr<Snapshot>>> Snapshots::make(account::AccountId account) {
  constexpr int kMaxAttempts = 20;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    PABAL_CO_TRY(mailbox::Folders folders, co_await mailboxes_.folders(account));
    std::vector<mailbox::Table> tables;
    bool gone = false;
    for (const mailbox::Folder& folder : folders->all()) {
      if (folder.placeholder) continue;
      mailbox::Table table = mailboxes_.find_open(account, folder.id);
      if (!table) {
        auto opened = co_await mailboxes_.open(account, folder.id);
        if (!opened && opened.error().kind == ErrorKind::kRefuse) {
          gone = true;
          break;
        }
        PABAL_CO_TRY(table, std::move(opened));
      }
      tables.push_back(std::move(table));
    }
    if (gone) continue;
    PABAL_CO_TRY(const mailbox::Folders after, co_await mailboxes_.folders(account));
    if (after->mod_seq() == folders->mod_seq())
      co_return std::make_shared<Snapshot>(std::move(folders), std::move(tables));
  }
  co_return fail(ErrorKind::kRetryLater, "account {} changes faster than it can be looked at", account);
}

// A letter's thread never changes, so only those of new letters are asked for.
net::Task<Result<void>> Snapshots::set_threads(account::AccountId account, Snapshot& fresh,
                                               const Snapshot* before) {
  std::vector<LetterId> unknown;
  std::vector<Snapshot::Index> places;
  std::size_t at = 0;
  for (Snapshot::Index i = 0; i < fresh.emails_.size(); ++i) {
    Email& email = fresh.emails_[i];
    if (before != nullptr) {
      while (at < before->emails_.size() && before->emails_[at].id < email.id) ++at;
      if (at < before->emails_.size() && before->emails_[at].id == email.id) {
        email.thread = before->emails_[at].thread;
        continue;
      }
    }
    unknown.push_back(email.id);
    places.push_back(i);
  }
  if (!unknown.empty()) {
    PABAL_CO_TRY(const std::vector<LetterId> threads, co_await notes_.load_threads(account, unknown));
    for (std::size_t i = 0; i < places.size(); ++i) fresh.emails_[places[i]].thread = threads[i];
  }
  fresh.group_threads();
  co_return Result<void>();
}

}  // namespace pabal::jmap
