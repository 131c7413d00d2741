// Which conversation each letter is in, for good (JMAP's threadId, RFC 8621 §3; THREADID, RFC 8474 §5.2): two
// letters are in the same one if they share a message id (Message-ID, In-Reply-To, References) and their
// subjects are the same but for what answers and lists add. Settled in the commit that brings the letter, so
// that nobody sees one without; never changed afterwards, so threads that a later letter joins stay two. A
// thread is named by the letter that began it.
//
//     threadof/<LetterId>            the thread, of a letter that did not begin it
//     thread/<thread>/<LetterId>     its letters, with the ids that each was the first to name
//     threadid/<8 bytes of a hash>   message id and subject: the thread that they belong to
//
// Letters that are dropped stay in their thread until none is left in it, since later letters may name them.
// Of a long References field the first id and the last ones count, which are what answers go by.
//
// Any loop's thread; calls wait for the store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mailbox/ids.h"
#include "message/envelope.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// What a letter names, with its subject, as hashes: whoever finds two with the same one has them in one
/// thread, and no more than that.
using ThreadHashes = std::vector<std::uint64_t>;
inline constexpr std::size_t kMaxThreadHashes = 6;
ThreadHashes thread_hashes(const message::Envelope& envelope);

class ThreadIds {
 public:
  /// The engine outlives it.
  ThreadIds(store::Engine& engine, store::PartitionId partition)
      : engine_(engine), partition_(std::move(partition)) {}

  /// A letter that comes in.
  struct Newcomer {
    LetterId letter;
    ThreadHashes hashes = {};
  };
  /// Puts into the batch what is to be known of its letters. Whoever does not hold the account's pen wants it
  /// `guarded`: the commit is kConflict then if another one took a thread's ids meanwhile.
  net::Task<Result<void>> settle(store::Batch& batch, std::vector<Newcomer> letters, bool guarded);

  /// One answer a letter, in their order; scans where they lie side by side.
  net::Task<Result<std::vector<LetterId>>> load(std::vector<LetterId> letters);
  /// Of one thread, ascending: at least its name's letter, unless that was dropped.
  net::Task<Result<std::vector<LetterId>>> load_letters(LetterId thread);

  /// The letters are dropped.
  net::Task<Result<void>> forget(std::span<const LetterId> letters);

 private:
  struct Entry;
  net::Task<Result<std::vector<Entry>>> load_members(LetterId thread);
  net::Task<Result<void>> erase_all(LetterId thread, const std::vector<Entry>& members);

  store::Engine& engine_;
  const store::PartitionId partition_;
};

/// A letter of a thread, as it is stored.
struct ThreadMember {
  bool dropped = false;
  ThreadHashes first_named = {};
  bool operator==(const ThreadMember&) const = default;
};
std::string encode(const ThreadMember& member);
std::optional<ThreadMember> decode_thread_member(std::string_view bytes);

}  // namespace pabal::mailbox
