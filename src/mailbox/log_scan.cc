#include "mailbox/log_scan.h"

#include <algorithm>

#include "mailbox/page_codec.h"
#include "mailbox/records.h"
#include "mailbox/table_change.h"

namespace pabal::mailbox {

namespace {

// A checkpoint takes seconds at most; whoever meets so many of them in a row reads a damaged partition.
constexpr int kMaxTries = 16;

constexpr store::ScanLimits kWidePage{.max_entries = 100'000, .max_bytes = store::kMaxPageBytes};

std::unexpected<Error> damaged(std::string_view what, const store::PartitionId& partition) {
  return fail(ErrorKind::kCorrupt, "{} of {} can't be read", what, partition);
}

net::Task<Result<std::vector<StoredPage>>> load_pages(store::Engine& engine, store::PartitionId partition,
                                                      FolderId folder) {
  std::vector<StoredPage> pages;
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(page_prefix(folder));
  while (range) {
    PABAL_CO_TRY(const store::ScanPage scanned, co_await engine.scan(partition, *range, kWidePage));
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      auto page = decode_page(scanned[i].value);
      if (!page) co_return damaged("a folder's page", partition);
      pages.push_back(*std::move(page));
    }
    range = scanned.next();
  }
  co_return std::move(pages);
}

}  // namespace

net::Task<Result<LogSpan>> scan_log(store::Engine& engine, store::PartitionId partition, ModSeq after,
                                    std::function<bool(const LogRecord&)> see) {
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kLogPrefix);
  range->start = log_key(ModSeq(after.value() + 1));
  LogReader reader;
  LogSpan span;
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine.scan(partition, *range, kWidePage));
    for (std::size_t i = 0; i < page.size(); ++i) {
      PABAL_CO_TRY(const auto record, reader.read(page[i].key, page[i].value));
      if (!record) continue;
      const ModSeq change = record->after.last_change;
      if (!span.empty() && change.value() != span.last.value() + 1) {
        co_return fail(ErrorKind::kConflict, "the log of {} was cut while it was read", partition);
      }
      if (!see(*record)) co_return span;
      if (span.empty()) span.first = change;
      span.last = change;
    }
    range = page.next();
  }
  if (reader.within_record()) co_return damaged("the log", partition);
  co_return span;
}

net::Task<Result<std::optional<ModSeq>>> find_log_floor(store::Engine& engine, store::PartitionId partition) {
  PABAL_CO_TRY(const store::ScanPage first,
               co_await engine.scan(partition, store::KeyRange::with_prefix(kLogPrefix),
                                    {.max_entries = 1, .keys_only = true}));
  if (first.empty()) co_return std::nullopt;
  const auto key = parse_log_key(first[0].key);
  if (!key) co_return damaged("the log", partition);
  co_return key->change;
}

net::Task<Result<std::optional<LogHead>>> load_log_head(store::Engine& engine, store::PartitionId partition) {
  PABAL_CO_TRY(const store::ScanPage last,
               co_await engine.scan(partition, store::KeyRange::with_prefix(kLogPrefix),
                                    {.max_entries = 1, .reverse = true}));
  if (last.empty()) co_return std::nullopt;
  const auto key = parse_log_key(last[0].key);
  std::optional<LogHead> head;
  if (key && key->part == 0) {
    head = decode_log_head(last[0].value);
  } else if (key) {
    PABAL_CO_TRY(const auto value, co_await engine.get_one(partition, log_key(key->change)));
    if (value) head = decode_log_head(value->bytes);
  }
  if (!head) co_return damaged("the log", partition);
  co_return head;
}

net::Task<Result<std::optional<FolderHistory>>> load_history(store::Engine& engine,
                                                             store::PartitionId partition, FolderId folder,
                                                             ModSeq since) {
  FolderHistory history;
  const auto read = [&](const LogRecord& record) {
    for (const Operation& operation : record.operations) {
      if (folder_of(operation) != folder) continue;
      if (const auto* came = std::get_if<op::RowsCame>(&operation); came && !came->rows.empty()) {
        const std::uint32_t first = came->first_uid.value();
        history.came.add({Uid(first), Uid(first + static_cast<std::uint32_t>(came->rows.size()) - 1)});
      } else if (const auto* left = std::get_if<op::RowsLeft>(&operation)) {
        history.left.add(left->uids);
      }
    }
    return true;
  };
  const auto span = co_await scan_log(engine, partition, since, read);
  if (!span && span.error().kind == ErrorKind::kConflict) co_return std::nullopt;
  if (!span) co_return std::unexpected(span.error());
  if (!span->follows(since)) co_return std::nullopt;
  co_return history;
}

net::Task<Result<std::vector<Folder>>> load_stored_folders(store::Engine& engine,
                                                           store::PartitionId partition) {
  std::vector<Folder> folders;
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kFolderPrefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine.scan(partition, *range, kWidePage));
    for (std::size_t i = 0; i < page.size(); ++i) {
      auto folder = decode_folder(page[i].value);
      if (!folder) co_return damaged("a folder", partition);
      folders.push_back(*std::move(folder));
    }
    range = page.next();
  }
  co_return std::move(folders);
}

net::Task<Result<Checkpoint>> load_checkpoint(store::Engine& engine, store::PartitionId partition) {
  PABAL_CO_TRY(const auto value, co_await engine.get_one(partition, std::string(kCheckpointKey)));
  if (!value) co_return Checkpoint{};
  const auto at = decode_checkpoint(value->bytes);
  if (!at) co_return damaged("the checkpoint", partition);
  co_return Checkpoint{*at, value->version};
}

net::Task<Result<std::vector<PageHead>>> load_page_heads(store::Engine& engine, store::PartitionId partition,
                                                         FolderId folder) {
  std::vector<PageHead> heads;
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(page_prefix(folder));
  while (range) {
    PABAL_CO_TRY(const store::ScanPage scanned, co_await engine.scan(partition, *range, kWidePage));
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      const auto head = decode_page_head(scanned[i].value);
      if (!head) co_return damaged("a folder's page", partition);
      heads.push_back(*head);
    }
    range = scanned.next();
  }
  co_return std::move(heads);
}

net::Task<Result<Table>> load_table(store::Engine& engine, store::PartitionId partition, FolderId folder) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    PABAL_CO_TRY(const Checkpoint before, co_await load_checkpoint(engine, partition));
    PABAL_CO_TRY(std::vector<StoredPage> pages, co_await load_pages(engine, partition, folder));
    TableBuilder builder(folder, std::move(pages));
    const auto log = co_await scan_log(engine, partition, before.at, [&](const LogRecord& record) {
      builder.replay(record);
      return true;
    });
    // All of that is of one moment only if no checkpoint was stored meanwhile.
    PABAL_CO_TRY(const Checkpoint after, co_await load_checkpoint(engine, partition));
    if (!log || before != after) continue;
    if (!log->follows(before.at)) co_return damaged("the log", partition);
    co_return builder.freeze(std::max(before.at, log->last));
  }
  co_return fail(ErrorKind::kRetryLater, "the pages of {} are being stored all the time", partition);
}

}  // namespace pabal::mailbox
