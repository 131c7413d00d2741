// Checkpoints: the log made into pages.
#include <algorithm>
#include <set>

#include "mailbox/page_codec.h"
#include "mailbox/records.h"
#include "mailbox/upkeep.h"

namespace pabal::mailbox {

namespace {

// Pages of one batch: far below what it may hold, and short enough to hold up nobody.
constexpr std::size_t kBatchPages = 64;

}  // namespace

net::Task<Result<std::uint64_t>> Upkeep::changes_since_checkpoint() {
  PABAL_CO_TRY(const auto head, co_await load_log_head(engine_, partition_));
  if (!head) co_return 0;
  PABAL_CO_TRY(const Checkpoint checkpoint, co_await load_checkpoint(engine_, partition_));
  co_return head->after.last_change.value() - std::min(checkpoint.at, head->after.last_change).value();
}

// Every batch expects the checkpoint as the last one left it: who loads a table looks whether it changed.
net::Task<Result<void>> Upkeep::commit(store::Batch batch, ModSeq checkpoint, Guard& guard) {
  if (guard) {
    batch.expect(std::string(kCheckpointKey), *guard);
  } else {
    batch.expect_absent(std::string(kCheckpointKey));
  }
  batch.put(std::string(kCheckpointKey), encode_checkpoint(checkpoint));
  PABAL_CO_TRY(guard, co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

net::Task<Result<void>> Upkeep::checkpoint(InMemory known) {
  PABAL_CO_TRY(const Checkpoint before, co_await load_checkpoint(engine_, partition_));
  Guard guard = before.version;
  ModSeq head;
  if (known.head) {
    head = *known.head;
  } else {
    PABAL_CO_TRY(const auto stored, co_await load_log_head(engine_, partition_));
    if (!stored) co_return Result<void>();
    head = stored->after.last_change;
  }
  if (head <= before.at) co_return Result<void>();

  std::set<FolderId> touched;
  PABAL_CO_TRY_VOID(co_await scan_log(engine_, partition_, before.at, [&](const LogRecord& record) {
    for (const Operation& operation : record.operations) touched.insert(folder_of(operation));
    return true;
  }));
  PABAL_CO_TRY(const std::vector<Folder> folders, co_await load_stored_folders(engine_, partition_));
  for (const FolderId id : touched) {
    if (std::ranges::find(folders, id, &Folder::id) == folders.end()) continue;
    Table table = known.head ? known.find_table(id) : nullptr;
    if (!table) {
      PABAL_CO_TRY(table, co_await load_table(engine_, partition_, id));
    }
    PABAL_CO_TRY_VOID(co_await store_pages(*table, before.at, guard));
  }
  PABAL_CO_TRY(const std::vector<FolderId> with_pages, co_await folders_with_pages());
  for (const FolderId id : with_pages) {
    if (std::ranges::find(folders, id, &Folder::id) != folders.end()) continue;
    PABAL_CO_TRY_VOID(co_await erase_pages(id, before.at, guard));
  }
  co_return co_await commit(store::Batch(partition_), head, guard);
}

net::Task<Result<void>> Upkeep::store_pages(const FolderTable& table, ModSeq checkpoint, Guard& guard) {
  PABAL_CO_TRY(const auto stored, co_await load_page_heads(engine_, partition_, table.folder()));
  const PagePlan plan = plan_pages(table, stored);
  for (std::size_t at = 0; at < plan.puts.size();) {
    store::Batch batch(partition_);
    for (std::size_t count = 0; count < kBatchPages && at < plan.puts.size(); ++count, ++at) {
      const Page& page = table.page(plan.puts[at]);
      batch.put(page_key(table.folder(), page.uids()), encode_page(table.mod_seq(), page.rows));
    }
    PABAL_CO_TRY_VOID(co_await commit(std::move(batch), checkpoint, guard));
  }
  for (std::size_t at = 0; at < plan.erases.size();) {
    store::Batch batch(partition_);
    for (std::size_t count = 0; count < kBatchPages && at < plan.erases.size(); ++count, ++at) {
      batch.erase(page_key(table.folder(), plan.erases[at]));
    }
    PABAL_CO_TRY_VOID(co_await commit(std::move(batch), checkpoint, guard));
  }
  co_return Result<void>();
}

// A few more than there are folders: a step from each to the next.
net::Task<Result<std::vector<FolderId>>> Upkeep::folders_with_pages() {
  std::vector<FolderId> folders;
  store::KeyRange range = store::KeyRange::with_prefix(kPagePrefix);
  for (;;) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition_, range, {.max_entries = 1, .keys_only = true}));
    if (page.empty()) co_return std::move(folders);
    const auto key = parse_page_key(page[0].key);
    if (!key) co_return fail(ErrorKind::kCorrupt, "a page of {} has no folder's key", partition_);
    folders.push_back(key->folder);
    range.start = store::KeyRange::with_prefix(page_prefix(key->folder)).end;
  }
}

net::Task<Result<void>> Upkeep::erase_pages(FolderId folder, ModSeq checkpoint, Guard& guard) {
  const store::KeyRange range = store::KeyRange::with_prefix(page_prefix(folder));
  for (;;) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition_, range, {.max_entries = kBatchPages, .keys_only = true}));
    if (page.empty()) co_return Result<void>();
    store::Batch batch(partition_);
    for (std::size_t i = 0; i < page.size(); ++i) batch.erase(std::string(page[i].key));
    PABAL_CO_TRY_VOID(co_await commit(std::move(batch), checkpoint, guard));
  }
}

}  // namespace pabal::mailbox
