#include "mailbox/metadata.h"

#include <algorithm>
#include <iterator>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"
#include "mailbox/records.h"

namespace pabal::mailbox {
namespace {

constexpr std::string_view kPrefix = "metadata/";
constexpr std::uint8_t kEntriesForm = 1;
constexpr std::uint8_t kStateForm = 1;

/// Sessions look at every command: who is further behind than that sees the newest ones.
constexpr std::size_t kMaxRecent = 100;
constexpr std::size_t kMaxRecentBytes = 32 * 1024;
/// Two clients that note something at the same moment; a delivery may come between as well.
constexpr int kMaxTries = 16;

std::size_t bytes_of(const MetadataEntries& entries) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : entries) bytes += name.size() + value.size();
  return bytes;
}

/// The names of entries that became other ones.
std::vector<std::string> apply(const MetadataEdits& edits, MetadataEntries& entries) {
  std::vector<std::string> changed;
  for (const auto& [name, value] : edits) {
    const auto there = entries.find(name);
    if (!value) {
      if (there == entries.end()) continue;
      entries.erase(there);
    } else {
      if (there != entries.end() && there->second == *value) continue;
      entries.insert_or_assign(name, *value);
    }
    changed.push_back(name);
  }
  return changed;
}

void remember(MetadataState& state, MetadataState::Change change) {
  ++state.last;
  state.recent.push_back(std::move(change));
  std::size_t kept = 0;
  std::size_t bytes = 0;
  while (kept < state.recent.size() && kept < kMaxRecent) {
    for (const std::string& name : state.recent[state.recent.size() - kept - 1].entries) bytes += name.size();
    if (kept > 0 && bytes > kMaxRecentBytes) break;
    ++kept;
  }
  state.recent.erase(state.recent.begin(), state.recent.end() - static_cast<std::ptrdiff_t>(kept));
}

void expect(store::Batch& batch, std::string key, const std::optional<store::Value>& value) {
  if (value) {
    batch.expect(std::move(key), value->version);
  } else {
    batch.expect_absent(std::move(key));
  }
}

std::unexpected<Error> too_much() {
  return fail(ErrorKind::kOverLimit, "there are as many notes as there may be");
}
std::unexpected<Error> damaged() { return fail(ErrorKind::kCorrupt, "the metadata can't be read"); }

}  // namespace

std::string metadata_key(FolderId folder) {
  std::string key(kPrefix);
  append_u32(key, folder.value());
  return key;
}

std::string encode(const MetadataEntries& entries) {
  RecordWriter out(kEntriesForm, 16 + bytes_of(entries));
  out.number(entries.size());
  for (const auto& [name, value] : entries) out.text(name).text(value);
  return out.finish();
}

std::optional<MetadataEntries> decode_metadata_entries(std::string_view bytes) {
  RecordReader in(bytes, kEntriesForm);
  MetadataEntries out;
  for (auto left = in.number(kMaxMetadataEntriesOfFolder); left > 0; --left) {
    std::string name = in.text();
    std::string value = in.text();
    const bool in_order = out.empty() || out.rbegin()->first < name;
    if (!in_order) in.spoil();
    out.emplace_hint(out.end(), std::move(name), std::move(value));
  }
  if (!in.complete()) return {};
  return out;
}

std::string encode(const MetadataState& state) {
  RecordWriter out(kStateForm);
  out.number(state.last).number(state.bytes).number(state.recent.size());
  for (const auto& change : state.recent) {
    out.number(change.folder.value()).number(change.entries.size());
    for (const std::string& name : change.entries) out.text(name);
  }
  return out.finish();
}

std::optional<MetadataState> decode_metadata_state(std::string_view bytes) {
  RecordReader in(bytes, kStateForm);
  MetadataState out;
  out.last = in.number();
  out.bytes = in.number();
  for (auto left = in.number(kMaxRecent); left > 0 && in.sound(); --left) {
    auto& change = out.recent.emplace_back();
    change.folder = FolderId(in.number32());
    for (auto names = in.number(); names > 0 && in.sound(); --names) change.entries.push_back(in.text());
  }
  if (!in.complete() || out.recent.size() > out.last) return {};
  return out;
}

/// All that a change looks at, of one moment.
struct Metadata::Stored {
  std::optional<store::Value> folder_value;
  std::optional<store::Value> inbox_value;
  std::optional<store::Value> entries_value;
  std::optional<store::Value> state_value;
  MetadataEntries entries = {};
  MetadataState state = {};
};

Metadata::Metadata(store::Engine& engine, account::AccountId account)
    : engine_(engine), partition_(account::partition_of(account)) {}

net::Task<Result<MetadataEntries>> Metadata::load(FolderId folder) {
  PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, metadata_key(folder)));
  if (!value) co_return MetadataEntries();
  auto entries = decode_metadata_entries(value->bytes);
  if (!entries) co_return damaged();
  co_return *std::move(entries);
}

net::Task<Result<Metadata::Stored>> Metadata::load_for_change(FolderId folder) {
  const std::vector<std::string> keys = {folder_key(folder), folder_key(kInbox), metadata_key(folder),
                                         std::string(kMetadataKey)};
  PABAL_CO_TRY(auto values, co_await engine_.get(partition_, keys));
  Stored out{.folder_value = std::move(values[0]),
             .inbox_value = std::move(values[1]),
             .entries_value = std::move(values[2]),
             .state_value = std::move(values[3])};
  if (out.entries_value) {
    auto entries = decode_metadata_entries(out.entries_value->bytes);
    if (!entries) co_return damaged();
    out.entries = *std::move(entries);
  }
  if (out.state_value) {
    auto state = decode_metadata_state(out.state_value->bytes);
    if (!state) co_return damaged();
    out.state = *std::move(state);
  }
  co_return out;
}

net::Task<Result<std::uint64_t>> Metadata::count_bytes() {
  std::uint64_t bytes = 0;
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kPrefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition_, *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) bytes += page[i].value.size();
    range = page.next();
  }
  co_return bytes;
}

net::Task<Result<std::optional<std::uint64_t>>> Metadata::set(FolderId folder, MetadataEdits edits,
                                                              std::vector<std::string> computed) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    PABAL_CO_TRY(Stored now, co_await load_for_change(folder));
    // As long as nothing was stored of the account, its first folders are there all the same.
    const bool is_gone = folder != kAccountMetadata && !now.folder_value && now.inbox_value;
    if (is_gone) co_return fail(ErrorKind::kRefuse, "there is no such folder");
    const std::size_t before = bytes_of(now.entries);
    std::vector<std::string> changed = mailbox::apply(edits, now.entries);
    changed.insert(changed.end(), computed.begin(), computed.end());
    if (changed.empty()) co_return std::nullopt;
    const std::size_t after = bytes_of(now.entries);
    if (after > before) {
      if (now.entries.size() > kMaxMetadataEntriesOfFolder || after > kMaxMetadataBytesOfFolder)
        co_return too_much();
      const bool seems_full = now.state.bytes + after > kMaxMetadataBytes + before;
      if (seems_full) {
        PABAL_CO_TRY(now.state.bytes, co_await count_bytes());
      }
    }
    now.state.bytes = now.state.bytes - std::min<std::uint64_t>(now.state.bytes, before) + after;
    if (after > before && now.state.bytes > kMaxMetadataBytes) co_return too_much();
    remember(now.state, {folder, std::move(changed)});

    store::Batch batch(partition_);
    // A folder that is deleted at this moment must not leave its entries behind.
    if (folder != kAccountMetadata) expect(batch, folder_key(folder), now.folder_value);
    expect(batch, metadata_key(folder), now.entries_value);
    expect(batch, std::string(kMetadataKey), now.state_value);
    if (now.entries.empty()) {
      batch.erase(metadata_key(folder));
    } else {
      batch.put(metadata_key(folder), encode(now.entries));
    }
    batch.put(std::string(kMetadataKey), encode(now.state));
    const auto committed = co_await engine_.commit(std::move(batch));
    if (committed) co_return now.state.last;
    if (committed.error().kind != ErrorKind::kConflict) co_return std::unexpected(committed.error());
  }
  co_return fail(ErrorKind::kRetryLater, "others keep changing the metadata");
}

net::Task<Result<Metadata::News>> Metadata::changes_since(std::uint64_t number) {
  PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, std::string(kMetadataKey)));
  if (!value) co_return News();
  auto state = decode_metadata_state(value->bytes);
  if (!state) co_return damaged();
  News out{.last = state->last};
  const std::uint64_t missed =
      std::min<std::uint64_t>(state->last - std::min(number, state->last), state->recent.size());
  out.changes.assign(std::make_move_iterator(state->recent.end() - static_cast<std::ptrdiff_t>(missed)),
                     std::make_move_iterator(state->recent.end()));
  co_return out;
}

}  // namespace pabal::mailbox
