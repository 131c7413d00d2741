#include "mailbox/draft.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

// What one commit carries for those who wait at the same time: half of what a batch may hold, since what
// journeys take of it is guessed.
constexpr std::size_t kMaxGroupBytes = store::kMaxBatchBytes / 2;

constexpr struct {
  std::string_view name;
  SpecialUse use;
} kFirstFolders[] = {
    {"Drafts", SpecialUse::kDrafts}, {"Sent", SpecialUse::kSent},   {"Archive", SpecialUse::kArchive},
    {"Junk", SpecialUse::kJunk},     {"Trash", SpecialUse::kTrash},
};

Row row_of(const op::RowsCame::NewRow& row) {
  Row out;
  out.size_bytes = row.size_bytes;
  out.flags = row.flags;
  return out;
}

}  // namespace

Table AccountView::find_table(FolderId folder) const {
  const auto found = std::ranges::find(tables, folder, [](const Table& table) { return table->folder(); });
  return found == tables.end() ? nullptr : *found;
}

AccountView first_view(WallTime now) {
  AccountView view;
  std::vector<Folder> folders;
  const auto add = [&](std::string_view name, SpecialUse use) {
    Counters& counters = view.counters;
    counters.last_folder = FolderId(counters.last_folder.value() + 1);
    counters.last_uid_validity = next_uid_validity(counters, now);
    folders.push_back({.id = counters.last_folder,
                       .name = std::string(name),
                       .use = use,
                       .subscribed = true,
                       .uid_validity = counters.last_uid_validity});
  };
  add(kInboxName, SpecialUse::kNone);
  for (const auto& [name, use] : kFirstFolders) add(name, use);
  view.folders = FolderSet(std::move(folders));
  return view;
}

std::size_t batch_bytes(const Arrival& arrival) {
  // Keys, and a journey of the usual length.
  constexpr std::size_t kBeside = 4096;
  return kBeside + arrival.letter.preamble.size() + arrival.facts.size();
}

std::size_t batch_bytes(std::span<const journey::Entry> entries) {
  constexpr std::size_t kShortEntry = 300;
  return entries.size() * kShortEntry;
}

Draft::Draft(const AccountView& before, WallTime now) : before_(before) {
  record_.after = before.counters;
  record_.after.last_change = ModSeq(before.counters.last_change.value() + 1);
  record_.at = now;
}

ModSeq Draft::mod_seq() const { return empty() ? before_.counters.last_change : record_.after.last_change; }

bool Draft::has_room(std::size_t rows, std::size_t batch_bytes) const {
  return empty() || (rows_ + rows <= kMaxRowsInCommit && batch_bytes_ + batch_bytes <= kMaxGroupBytes);
}

void Draft::tell(std::span<const journey::Entry> entries) {
  for (const journey::Entry& entry : entries) entries_.push_back(&entry);
  batch_bytes_ += mailbox::batch_bytes(entries);
}

Table Draft::table(FolderId folder) {
  const auto found = std::ranges::find(building_, folder, &Building::folder);
  if (found != building_.end()) return found->builder.freeze(record_.after.last_change);
  return before_.find_table(folder);
}

TableBuilder* Draft::builder(FolderId folder) {
  const auto found = std::ranges::find(building_, folder, &Building::folder);
  if (found != building_.end()) return &found->builder;
  const Table table = before_.find_table(folder);
  if (!table) return nullptr;
  return &building_.emplace_back(folder, TableBuilder(*table)).builder;
}

// Letters that came in one after the other are one operation.
void Draft::record(Operation operation) {
  auto* const came = std::get_if<op::RowsCame>(&operation);
  auto* const last = came && !empty() ? std::get_if<op::RowsCame>(&record_.operations.back()) : nullptr;
  if (last && last->folder == came->folder) {
    last->rows.insert(last->rows.end(), came->rows.begin(), came->rows.end());
  } else {
    record_.operations.push_back(std::move(operation));
  }
}

Uid Draft::bring(const Folder& folder, std::span<const Arrival> arrivals, std::span<const Flags> flags) {
  op::RowsCame came{.folder = folder.id, .first_uid = folder.uid_next, .rows = {}};
  came.rows.reserve(arrivals.size());
  LetterId& last = record_.after.last_letter;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const Arrival& arrival = arrivals[i];
    last = LetterId(last.value() + 1);
    letters_.push_back({last, &arrival});
    if (arrival.token) tokens_.insert(*arrival.token);
    batch_bytes_ += batch_bytes(arrival);
    came.rows.push_back({.letter = last,
                         .size_bytes = static_cast<std::uint32_t>(arrival.letter.size_bytes()),
                         .flags = flags[i],
                         .received = std::chrono::floor<std::chrono::seconds>(arrival.letter.received)});
  }
  const Uid first = came.first_uid;
  apply(std::move(came));
  return first;
}

LetterId Draft::reserve(std::size_t count) {
  op::RowsLeft unused{.folder = kInbox, .uids = {}};
  LetterId& last = record_.after.last_letter;
  const LetterId first(last.value() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    last = LetterId(last.value() + 1);
    unused.shared_letters.push_back(last);
  }
  record_.operations.emplace_back(std::move(unused));
  return first;
}

Applied Draft::apply(Operation operation) {
  const FolderId id = folder_of(operation);
  TableBuilder* const table = builder(id);
  const auto* const came = std::get_if<op::RowsCame>(&operation);
  Applied applied;
  if (table) {
    applied = table->apply(record_.after.last_change, record_.at, operation);
    if (applied.uids.empty()) return applied;
    std::ranges::find(building_, id, &Building::folder)->changed = true;
  } else {
    // A folder that nobody looks at can still be written into.
    PABAL_CHECK(came != nullptr);
    for (const auto& row : came->rows) applied.counts.count(row_of(row), 1);
  }
  if (came) rows_ += came->rows.size();
  if (std::holds_alternative<op::RowsLeft>(operation)) rows_ += applied.uids.count();
  if (!std::holds_alternative<op::RowsShared>(operation)) {
    Folder& folder = edit(id);
    applied.counts.add_to(folder);
    if (came) {
      folder.uid_next = Uid(came->first_uid.value() + static_cast<std::uint32_t>(came->rows.size()));
    }
    record_.after.letters += static_cast<std::uint64_t>(applied.counts.letters);
    record_.after.used_bytes += static_cast<std::uint64_t>(applied.counts.bytes);
  }
  record(std::move(operation));
  return applied;
}

void Draft::set_keywords(FolderId folder, KeywordTable keywords) {
  edit(folder).keywords = std::move(keywords);
}

const Folder* Draft::find(FolderId folder) const {
  if (const auto* edit = folders_.find(folder)) return edit->folder ? &*edit->folder : nullptr;
  return before_.folders.find(folder);
}

const FolderList& Draft::list() {
  if (!list_) list_ = before_.folders.merged(mod_seq(), folders_);
  return *list_;
}

Folder& Draft::edit(FolderId id) {
  if (!folders_.find(id)) folders_.put(*before_.folders.find(id));
  Folder& folder = *folders_.at(id).folder;
  folder.mod_seq = record_.after.last_change;
  return folder;
}

std::uint32_t Draft::new_uid_validity() {
  record_.after.last_uid_validity = next_uid_validity(record_.after, record_.at);
  return record_.after.last_uid_validity;
}

FolderId Draft::make(FolderId parent, std::string name, SpecialUse use, bool placeholder) {
  record_.after.last_folder = FolderId(record_.after.last_folder.value() + 1);
  const Folder* const above = placeholder ? nullptr : find(parent);
  Folder folder{.id = record_.after.last_folder,
                .parent = parent,
                .name = std::move(name),
                .use = use,
                .placeholder = placeholder,
                .uid_validity = new_uid_validity(),
                .mod_seq = record_.after.last_change,
                .acl = above ? above->acl : Acl()};
  record_folder(folder, true);
  folders_.put(std::move(folder));
  return record_.after.last_folder;
}

void Draft::change(Folder folder) {
  folder.mod_seq = record_.after.last_change;
  record_folder(folder, false);
  folders_.put(std::move(folder));
}

void Draft::erase(FolderId folder) {
  folders_.erase(folder);
  record_.operations.emplace_back(op::FolderDeleted{folder});
  list_.reset();
}

void Draft::record_folder(const Folder& folder, bool made) {
  record_.operations.emplace_back(op::FolderChanged{.folder = folder.id,
                                                    .made = made,
                                                    .parent = folder.parent,
                                                    .name = folder.name,
                                                    .use = folder.use,
                                                    .subscribed = folder.subscribed});
  list_.reset();
}

const LogRecord& Draft::seal() {
  if (before_.stored || empty()) return record_;
  std::vector<Operation> first;
  for (const Folder& folder : before_.folders.merged({})->all()) {
    first.emplace_back(op::FolderChanged{.folder = folder.id,
                                         .made = true,
                                         .parent = folder.parent,
                                         .name = folder.name,
                                         .use = folder.use,
                                         .subscribed = folder.subscribed});
    if (!folders_.find(folder.id)) edit(folder.id);
  }
  record_.operations.insert(record_.operations.begin(), std::make_move_iterator(first.begin()),
                            std::make_move_iterator(first.end()));
  return record_;
}

std::vector<Table> Draft::take_tables() {
  std::vector<Table> tables;
  for (Building& each : building_) {
    const auto* const edit = folders_.find(each.folder);
    const bool gone = edit && !edit->folder;
    if (each.changed && !gone) tables.push_back(each.builder.freeze(record_.after.last_change));
  }
  building_.clear();
  return tables;
}

}  // namespace pabal::mailbox
