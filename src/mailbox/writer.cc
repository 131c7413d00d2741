#include "mailbox/writer.h"

#include <algorithm>

#include "journey/resend_guard.h"
#include "mailbox/log_ops.h"
#include "mailbox/metadata.h"
#include "mailbox/records.h"
#include "message/letter.h"

namespace pabal::mailbox {

namespace {

// A group's records stay far below what a batch may hold (store::kMaxBatchOperations).
constexpr std::size_t kMaxGroup = 256;

// How often we give way to writers on other nodes before the client is asked to come again.
constexpr int kMaxConflicts = 8;

void fail_all(const std::vector<Errand*>& group, const Error& error) {
  for (Errand* errand : group) {
    if (!errand->failed()) errand->fail(error);
  }
}

std::size_t bytes_of(const std::vector<std::string>& values) {
  std::size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  return bytes;
}

template <class Op>
bool has_any(const std::vector<Operation>& operations) {
  return std::ranges::any_of(operations,
                             [](const Operation& each) { return std::holds_alternative<Op>(each); });
}

}  // namespace

void put_letter(store::Batch& batch, LetterId id, const Arrival& arrival, journey::Journal& journal) {
  std::string key = letter_key(id);
  batch.hold(arrival.letter.blob, key);
  batch.put(std::move(key), encode(arrival.letter));
  if (!arrival.facts.empty()) batch.put(facts_key(id), arrival.facts);
  if (arrival.blob) batch.attach(*arrival.blob);
  journal.write(batch, arrival.entry);
}

ThreadIds::Newcomer newcomer_of(LetterId id, const Arrival& arrival) {
  ThreadIds::Newcomer out{.letter = id};
  if (const auto envelope = message::decode_facts_envelope(arrival.facts))
    out.hashes = thread_hashes(*envelope);
  return out;
}

Writer::Writer(store::Engine& engine, journey::Journal& journal, const Clock& clock,
               store::PartitionId partition, OnWritten on_written)
    : engine_(engine),
      journal_(journal),
      clock_(clock),
      on_written_(std::move(on_written)),
      state_(engine, clock, std::move(partition)) {}

net::Task<void> Writer::run(Errand& errand) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&errand);
    first = !std::exchange(writing_, true);
  }
  bool done = false;
  if (!first) done = co_await errand.told_;
  if (!done) {
    // Others' errands are in the group, so that it must not end because our own session does.
    const net::Context context = co_await net::current_context();
    co_await write(take_group()).in({context.loop, nullptr});
  }
}

Writer::Group Writer::take_group() {
  const std::lock_guard lock(mutex_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMaxGroup));
  Group group(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return group;
}

void Writer::put_back(const Group& later) {
  const std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), later.begin(), later.end());
}

void Writer::pass_on_the_pen() {
  Errand* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      writing_ = false;
    } else {
      next = waiting_.front();
    }
  }
  if (next != nullptr) next->told_.set(false);
}

// The first of the group is the pen's holder's own, and is not told: its coroutine is this one.
net::Task<void> Writer::write(Group group) {
  conflicts_ = 0;
  Errand* const own = group.front();
  Group todo = group;
  Group later;
  co_await prepare(todo);
  co_await settle(todo, later);
  put_back(later);
  pass_on_the_pen();
  for (Errand* errand : group) {
    if (errand != own && std::ranges::find(later, errand) == later.end()) errand->told_.set(true);
  }
}

// Brings into memory what the group works on, and takes those out of it that can't be done.
net::Task<void> Writer::prepare(Group& group) {
  const bool news = std::ranges::any_of(group, [](const Errand* errand) { return errand->wants_news(); });
  Result<void> ready = co_await state_.load();
  if (ready && news) {
    const auto caught_up = co_await state_.catch_up();
    if (!caught_up) ready = std::unexpected(caught_up.error());
  }
  if (!ready) {
    fail_all(group, ready.error());
    group.clear();
  }
  Group able;
  for (Errand* errand : group) {
    const auto folder = errand->table();
    const Result<void> loaded = folder ? co_await state_.load_table(*folder) : Result<void>();
    if (loaded) {
      able.push_back(errand);
    } else {
      errand->fail(loaded.error());
    }
  }
  group = std::move(able);
}

net::Task<void> Writer::settle(Group& group, Group& later) {
  while (!group.empty()) {
    // What the draft lacked room for waits for the next commit.
    Draft draft(state_.view(), clock_.wall());
    Group done;
    for (Errand* errand : group) (errand->attempt(draft) ? done : later).push_back(errand);
    group = std::move(done);
    if (draft.empty()) {
      const auto news = co_await look_for_news(group);
      if (news && *news) continue;
      if (!news) fail_all(group, news.error());
      co_return;
    }
    const Result<void> committed = co_await commit(draft);
    if (committed) {
      for (Errand* errand : group) {
        if (errand->failed()) continue;
        for (Arrival& arrival : errand->arrivals()) {
          journal_.committed(state_.partition(), std::move(arrival.entry));
        }
        for (journey::Entry& entry : errand->entries())
          journal_.committed(state_.partition(), std::move(entry));
      }
      co_return;
    }
    const auto again = co_await recover(committed.error(), group, later);
    if (again && *again) continue;
    fail_all(group, again ? committed.error() : again.error());
    co_return;
  }
}

// Nothing came of the group: there was nothing to do, or it was refused. A commit would have met what other
// nodes have written; so it is looked for.
net::Task<Result<bool>> Writer::look_for_news(Group& group) {
  if (std::ranges::none_of(group, [](const Errand* errand) { return errand->is_change(); })) co_return false;
  PABAL_CO_TRY(const bool news, co_await state_.catch_up());
  if (news) co_await prepare(group);
  co_return news;
}

net::Task<Result<bool>> Writer::recover(const Error& error, Group& group, Group& later) {
  switch (error.kind) {
    case ErrorKind::kConflict: {
      PABAL_CO_TRY(const bool explained, co_await explain_conflict(group));
      if (!explained || ++conflicts_ > kMaxConflicts) {
        co_return fail(ErrorKind::kRetryLater, "other nodes keep writing to the mailbox");
      }
      co_return true;
    }
    case ErrorKind::kRefuse:
    case ErrorKind::kOverLimit: {
      // Together they are more than a batch may hold: journeys can be long.
      if (group.size() > 1) {
        const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
        later.insert(later.begin(), middle, group.end());
        group.erase(middle, group.end());
        co_return true;
      }
      if (error.kind == ErrorKind::kOverLimit) co_return false;
      co_return fail(ErrorKind::kRetryLater, "{}", error.detail);
    }
    default:
      // Whether it came to the disk is not known.
      state_.forget();
      co_return false;
  }
}

// Another node wrote, or a letter is here already that was sent again.
net::Task<Result<bool>> Writer::explain_conflict(Group& group) {
  PABAL_CO_TRY(bool explained, co_await state_.catch_up());
  Group others;
  for (Errand* errand : group) {
    bool known = false;
    for (const Arrival& arrival : errand->arrivals()) {
      if (!arrival.token) continue;
      PABAL_CO_TRY(const auto before, co_await journey::find_sent_before(engine_, state_.partition(),
                                                                         *arrival.token, clock_.wall()));
      known = known || before.has_value();
    }
    if (known) {
      errand->settle_known();
      explained = true;
    } else {
      others.push_back(errand);
    }
  }
  group = std::move(others);
  // Tables may have gone with what was read anew.
  Group able = group;
  co_await prepare(able);
  group = std::move(able);
  co_return explained;
}

net::Task<Result<void>> Writer::commit(Draft& draft) {
  const LogRecord& record = draft.seal();
  PABAL_CO_TRY(std::vector<std::string> log, encode(record));
  const Written written{.bytes = bytes_of(log),
                        .rows_came = has_any<op::RowsCame>(record.operations),
                        .rows_left = has_any<op::RowsLeft>(record.operations)};
  store::Batch batch = batch_of(draft);
  if (!draft.letters().empty()) {
    std::vector<ThreadIds::Newcomer> newcomers;
    for (const auto& [id, arrival] : draft.letters()) newcomers.push_back(newcomer_of(id, *arrival));
    ThreadIds threads(engine_, state_.partition());
    PABAL_CO_TRY_VOID(co_await threads.settle(batch, std::move(newcomers), false));
  }
  const ModSeq change = draft.mod_seq();
  batch.expect_absent(log_key(change));
  for (std::uint32_t part = 0; part < log.size(); ++part) {
    batch.put(log_key(change, part), std::move(log[part]));
  }
  auto committed = co_await engine_.commit(std::move(batch));
  if (!committed) co_return failure_of(std::move(committed));
  state_.publish(draft);
  on_written_(written);
  co_return Result<void>();
}

store::Batch Writer::batch_of(const Draft& draft) const {
  store::Batch batch(state_.partition());
  for (const FolderEdits::Edit& edit : draft.folders().all()) {
    if (edit.folder) {
      batch.put(folder_key(edit.id), encode(*edit.folder));
    } else {
      batch.erase(folder_key(edit.id));
      batch.erase(metadata_key(edit.id));
    }
  }
  for (const auto& [id, arrival] : draft.letters()) {
    put_letter(batch, id, *arrival, journal_);
    if (arrival->token) journey::guard(batch, *arrival->token, arrival->letter.journey, draft.now());
  }
  for (const journey::Entry* const entry : draft.entries()) journal_.write(batch, *entry);
  return batch;
}

}  // namespace pabal::mailbox
