// What clients note beside folders and beside the account (METADATA, RFC 5464): entries with values, stored
// in the account's partition, apart from its log, since they change no letter. A folder's entries go in the
// commit that deletes it.
//
//     metadata/<FolderId>    MetadataEntries; folder 0: of the account itself
//     metadata               MetadataState: what was changed last, for sessions that want to be told
//
// Whose entry it is to read or write is the caller's to know. Any loop's thread; calls wait for the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "account/ids.h"
#include "base/result.h"
#include "mailbox/ids.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// Of one value (RFC 5464 §4.1: at least 1,024).
inline constexpr std::size_t kMaxMetadataValueBytes = 16 * 1024;
/// Of one folder (at least 10), and what they take with their names.
inline constexpr std::size_t kMaxMetadataEntriesOfFolder = 100;
inline constexpr std::size_t kMaxMetadataBytesOfFolder = 64 * 1024;
/// Of an account in all.
inline constexpr std::size_t kMaxMetadataBytes = 4 * 1024 * 1024;

/// In place of a folder: the account's own.
inline constexpr FolderId kAccountMetadata{0};

using MetadataEntries = std::map<std::string, std::string>;
/// Nothing: the entry goes.
using MetadataEdits = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct MetadataState {
  struct Change {
    FolderId folder;
    std::vector<std::string> entries;
    bool operator==(const Change&) const = default;
  };
  std::uint64_t last = 0;           ///< the number of the newest change
  std::uint64_t bytes = 0;          ///< of all entries, or more: those of deleted folders are still counted
  std::vector<Change> recent = {};  ///< the newest comes last
  bool operator==(const MetadataState&) const = default;
};

class Metadata {
 public:
  /// The engine outlives it.
  Metadata(store::Engine& engine, account::AccountId account);

  net::Task<Result<MetadataEntries>> load(FolderId folder);
  /// All of it or nothing. `computed` are entries that the caller changed elsewhere, and that others are told
  /// of. The change's number comes back; nothing if it changed nothing.
  /// kOverLimit: more than there may be. kRefuse: the folder is gone.
  net::Task<Result<std::optional<std::uint64_t>>> set(FolderId folder, MetadataEdits edits,
                                                      std::vector<std::string> computed = {});
  /// What was changed after that number; of long ago, what is still known.
  struct News {
    std::uint64_t last = 0;
    std::vector<MetadataState::Change> changes = {};
  };
  net::Task<Result<News>> changes_since(std::uint64_t number);

 private:
  struct Stored;
  net::Task<Result<Stored>> load_for_change(FolderId folder);
  net::Task<Result<std::uint64_t>> count_bytes();

  store::Engine& engine_;
  const store::PartitionId partition_;
};

inline constexpr std::string_view kMetadataKey = "metadata";
std::string metadata_key(FolderId folder);

std::string encode(const MetadataEntries& entries);
std::optional<MetadataEntries> decode_metadata_entries(std::string_view bytes);
std::string encode(const MetadataState& state);
std::optional<MetadataState> decode_metadata_state(std::string_view bytes);

}  // namespace pabal::mailbox
