// What the crash tests write, and how they know afterwards that nothing is missing.
//
// Each committer takes steps, one after the other. A step is one batch: it puts a few keys and perhaps a
// blob, erases what an earlier step put, and moves the committer's counter, expecting the version that the
// last step gave it. What a step writes follows from (seed, committer, step) alone, so after any crash
// the counter says which step was the last, and that says every byte that must be there, and that nothing
// else may be. Half a batch, a lost one or one that was undone shows as a difference.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::store {

inline constexpr std::size_t kMaxCommitters = 64;

/// What was said to one committer. Kept outside the store, in memory that outlives the process.
struct CommitterLedger {
  std::atomic<std::uint64_t> attempted{0};     ///< the last step whose commit was called
  std::atomic<std::uint64_t> acknowledged{0};  ///< the last step whose commit returned well
  std::atomic<std::uint64_t> version{0};       ///< that it returned
};

struct Ledger {
  std::uint64_t seed = 0;
  std::size_t committers = 0;
  std::uint64_t large_blob_one_in = 40;  ///< how often a blob is beyond what fits a commit's group
  std::array<CommitterLedger, kMaxCommitters> of;
};

/// Takes steps until a commit fails or `go_on` says no; it is asked before each step. Returns the failure.
net::Task<Result<void>> take_steps(Engine& engine, Ledger& ledger, std::size_t committer,
                                   const std::function<bool()>& go_on);

struct CheckReport {
  std::uint64_t acknowledged = 0;   ///< steps that the ledger knows
  std::uint64_t beyond_ledger = 0;  ///< steps found whole though nobody was told: the crash came between
  std::uint64_t keys = 0;
  std::vector<BlobId> live_blobs;   ///< that must be held, each once
  std::vector<std::string> faults;  ///< in words
};

/// Compares all that the engine holds with the ledger, which then takes over what was found beyond it: it has
/// been read, so it may not vanish any more.
net::Task<CheckReport> check_against(Ledger& ledger, Engine& engine);

}  // namespace pabal::store
