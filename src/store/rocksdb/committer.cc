#include "store/rocksdb/committer.h"

#include <pthread.h>

#include <algorithm>

namespace pabal::store {

namespace {

// A group this large is synced at the disk's full speed; a larger one would only make callers wait longer.
constexpr std::size_t kMaxGroupTake = 4 * 1024 * 1024;
constexpr std::size_t kMaxGroupBatches = 1024;

// Journal that a crash may make us read again. It bounds how long opening takes: about a quarter of a second.
constexpr std::uint64_t kCheckpointBytes = 64 * 1024 * 1024;

// How much is appended between two looks at the free space; far less than any reserve.
constexpr std::uint64_t kRoomCheckBytes = 1024 * 1024;

bool adds_something(const Batch& batch) {
  return !batch.blobs().empty() ||
         std::ranges::any_of(batch.writes(), [](const auto& w) { return w.value.has_value(); }) ||
         std::ranges::any_of(batch.references(), [](const auto& r) { return r.held; });
}

}  // namespace

Committer::Committer(CommitterOptions options, CommitterParts parts, const Applied& applied,
                     const Applied& checkpoint, SegmentTable segments)
    : options_(std::move(options)),
      parts_(parts),
      applied_(applied),
      checkpoint_(checkpoint),
      segments_(std::move(segments)) {
  count_bytes_on_disk();
  thread_ = std::thread([this] { run_until_stopped(); });
  ::pthread_setname_np(thread_.native_handle(), "store-commit");
}

net::Task<Result<Version>> Committer::commit(Batch batch) {
  PABAL_CO_TRY_VOID(batch.check_limits());
  Request request{std::move(batch), {}, Version()};
  bool is_news = !request.batch.patient();
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) co_return fail(ErrorKind::kRetryLater, "the store is closing");
    if (is_news) {
      urgent_ = true;
    } else if (requests_.empty()) {
      is_news = true;  // the thread must know until when
      patient_until_ = std::chrono::steady_clock::now() + kMaxPatience;
    }
    requests_.push_back(&request);
  }
  if (is_news) queue_changed_.notify_one();
  co_return co_await request.done;
}

bool Committer::submit(std::move_only_function<void()> job) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) return false;
    jobs_.push_back(std::move(job));
  }
  queue_changed_.notify_one();
  return true;
}

void Committer::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Committer::run_until_stopped() {
  std::vector<Request*> requests;
  std::vector<std::move_only_function<void()>> jobs;
  for (;;) {
    {
      std::unique_lock lock(queue_mutex_);
      wait_for_work(lock);
      if (requests_.empty() && jobs_.empty()) return;
      std::swap(requests, requests_);
      std::swap(jobs, jobs_);
      urgent_ = false;
    }
    for (auto& job : jobs) job();
    jobs.clear();
    for (std::span<Request* const> rest = requests; !rest.empty();) rest = rest.subspan(commit_group(rest));
    requests.clear();
  }
}

void Committer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (!stopping_ && !urgent_ && jobs_.empty()) {
    if (requests_.empty()) {
      queue_changed_.wait(lock);
    } else if (queue_changed_.wait_until(lock, patient_until_) == std::cv_status::timeout) {
      return;
    }
  }
}

// Returns how many requests it took from the front; all of these have been answered.
std::size_t Committer::commit_group(std::span<Request* const> requests) {
  GroupBuilder group(parts_.index, applied_.last_version);
  std::size_t taken = 0;
  while (taken < requests.size() && taken < kMaxGroupBatches && group.bytes() < kMaxGroupTake) {
    Request& request = *requests[taken++];
    if (auto allowed = may_write(adds_something(request.batch)); !allowed) {
      request.outcome = failure_of(std::move(allowed));
    } else {
      request.outcome = group.admit(request.batch);
    }
  }
  requests = requests.first(taken);

  if (!group.records().empty()) {
    const Result<void> written = write_records(group.records(), group.blobs());
    if (written) {
      for (const LargeStaged* large : group.large_blobs()) large->set_committed();
      commits_.fetch_add(group.records().size(), std::memory_order_relaxed);
      blobs_stored_.fetch_add(group.blobs().size() + group.large_blobs().size(), std::memory_order_relaxed);
    }
    for (Request* request : requests) {
      if (!request->outcome) continue;
      if (!written) {
        request->outcome = std::unexpected(written.error());
      } else {
        parts_.watches.notify(request->batch.partition());
      }
    }
  }
  // The request is gone once it has been told.
  for (Request* request : requests) request->done.set(std::move(request->outcome));
  return taken;
}

Result<void> Committer::write_group(std::span<const Record> records,
                                    std::span<const std::string_view> blobs) {
  PABAL_TRY_VOID(may_write(false));
  return write_records(records, blobs);
}

Result<void> Committer::may_write(bool adds) {
  if (parts_.journal.broken()) {
    return fail(
        ErrorKind::kRetryLater,
        "the disk failed to keep a commit, so nothing is accepted until the store is opened again: {}",
        write_failure());
  }
  if (unapplied_ || !parts_.index.trouble().empty()) {
    const Result<void> finished = finish_unapplied();
    note(finished);
    PABAL_TRY_VOID(finished);
  }
  if (!adds) return {};
  const Result<void> room = check_room();
  if (!room) note(room);
  return room;
}

Result<void> Committer::finish_unapplied() {
  PABAL_TRY_VOID(parts_.index.recover());
  if (!unapplied_) return {};
  PABAL_TRY_VOID(parts_.index.apply(*unapplied_));
  unapplied_.reset();
  return {};
}

Result<void> Committer::check_room() {
  if (bytes_since_room_was_checked_ < kRoomCheckBytes) return {};
  const auto room = parts_.disk.free_bytes(options_.directory);
  if (room && *room < options_.reserve_bytes) {
    return fail(ErrorKind::kRetryLater,
                "only {} MiB are left on the disk of {}, and {} MiB are kept in reserve: "
                "make room, and commits go on by themselves",
                *room >> 20, options_.directory, options_.reserve_bytes >> 20);
  }
  bytes_since_room_was_checked_ = 0;
  return {};
}

Result<void> Committer::write_records(std::span<const Record> records,
                                      std::span<const std::string_view> blobs) {
  records_.clear();
  for (const Record& record : records) append_record(records_, record);
  auto place = parts_.journal.append(records_, blobs);
  if (!place) {
    const Result<void> failure = failure_of(std::move(place));
    bytes_since_room_was_checked_ = UINT64_MAX;
    note(failure);
    return failure;
  }
  groups_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t bytes = place->end_offset - place->blobs_offset + records_.size();

  rocksdb::WriteBatch batch;
  const Applied before = applied_;
  apply_group(*place, records, segments_, applied_, batch);
  if (auto applied = parts_.index.apply(batch); !applied) {
    Result<void> failure = failure_of(std::move(applied));
    if (parts_.journal.take_back(*place)) {
      applied_ = before;
      segments_.take_back();
    } else {
      // Durable but invisible; the next that comes tries again, and so does the next opening.
      unapplied_ = std::move(batch);
      failure = failure_of(std::move(failure), "the commit is kept, but can't be shown yet");
    }
    note(failure);
    return failure;
  }
  note({});
  count_bytes_on_disk();
  bytes_since_room_was_checked_ += std::min(bytes, UINT64_MAX - bytes_since_room_was_checked_);
  start_checkpoint_if_due(bytes);
  return {};
}

void Committer::count_bytes_on_disk() {
  bytes_on_disk_.store(segments_.bytes_on_disk(), std::memory_order_relaxed);
}

void Committer::note(const Result<void>& outcome) {
  const std::lock_guard lock(failure_mutex_);
  if (outcome) {
    write_failure_.clear();
  } else {
    write_failure_ = outcome.error().detail;
  }
}

std::string Committer::write_failure() const {
  const std::lock_guard lock(failure_mutex_);
  return write_failure_;
}

void Committer::start_checkpoint_if_due(std::uint64_t bytes) {
  bytes_since_checkpoint_ += bytes;
  if (checkpoint_running_ || bytes_since_checkpoint_ < kCheckpointBytes) return;
  bytes_since_checkpoint_ = 0;
  checkpoint_running_ = parts_.upkeep.submit([this, reached = applied_] {
    const bool flushed = parts_.index.flush().has_value();
    (void)submit([this, reached, flushed] {
      checkpoint_running_ = false;
      if (!flushed) return;
      reached_checkpoint(reached);
      (void)remove_dead_segments();
    });
  });
}

void Committer::reached_checkpoint(const Applied& checkpoint) {
  if (checkpoint.next_sequence > checkpoint_.next_sequence) checkpoint_ = checkpoint;
}

Result<std::uint64_t> Committer::remove_dead_segments() {
  std::uint64_t given_back = 0;
  if (removals_held()) return given_back;
  std::vector<SegmentId> dead;
  for (const auto& [id, use] : segments_.uses()) {
    if (id != SegmentId() && id < checkpoint_.segment && use.live_bytes == 0) dead.push_back(id);
  }
  for (const SegmentId id : dead) {
    const std::string path = parts_.journal.path_of(id);
    if (const auto size = parts_.disk.size_of(path)) {
      PABAL_TRY_VOID(parts_.disk.remove(path));
      given_back += *size;
    }
    parts_.segment_files.forget(id);
    segments_.forget(id);
  }
  count_bytes_on_disk();
  return given_back;
}

}  // namespace pabal::store
