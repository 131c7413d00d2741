#include "mailbox/writer.h"

#include <algorithm>
#include <set>

#include "mailbox/log_ops.h"

namespace pabal::mailbox {

namespace {

// A group's records stay far below what a batch may hold (store::kMaxBatchOperations, kMaxBatchBytes).
constexpr std::size_t kMaxGroup = 256;

// How often we give way to writers on other nodes before the client is asked to come again.
constexpr int kMaxTries = 8;

}  // namespace

Mailboxes::Writer::Writer(store::Engine& engine, journey::Journal& journal, const Clock& clock,
                          account::AccountId account)
    : engine_(engine), journal_(journal), clock_(clock), partition_(account::partition_of(account)) {}

net::Task<Result<Placed>> Mailboxes::Writer::append(Arrival arrival) {
  Waiting own(std::move(arrival));
  bool settled = false;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&own);
    first = !std::exchange(writing_, true);
  }
  if (!first) settled = co_await own.told;
  if (!settled) {
    // Others' letters are in the group, so that it must not end because our own session does.
    const net::Context context = co_await net::current_context();
    co_await write(take_group()).in({context.loop, nullptr});
  }
  co_return std::move(own.outcome);
}

std::vector<Mailboxes::Writer::Waiting*> Mailboxes::Writer::take_group() {
  const std::lock_guard lock(mutex_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMaxGroup));
  std::vector<Waiting*> group(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return group;
}

// The first of the group is the writer's own, and is not told: its coroutine is this one.
net::Task<void> Mailboxes::Writer::write(std::vector<Waiting*> group) {
  Result<void> loaded;
  if (!head_) loaded = co_await load_head();
  if (!loaded) {
    for (Waiting* waiting : group) waiting->outcome = std::unexpected(loaded.error());
  } else {
    admit_by_quota(group);
    std::vector<Waiting*> admitted = group;
    std::erase_if(admitted, [](const Waiting* waiting) { return waiting->settled; });
    const std::vector<Waiting*> repeated = take_repeated(admitted);
    const Result<void> committed = admitted.empty() ? Result<void>() : co_await commit(admitted);
    // Refused: together they are more than a batch may hold, since a journey can be long.
    if (!committed &&
        (committed.error().kind == ErrorKind::kConflict || committed.error().kind == ErrorKind::kRefuse)) {
      for (Waiting* waiting : admitted) co_await settle_alone(*waiting);
    } else if (!committed) {
      // Whether it came to the disk is not known: read again where the log stands.
      head_.reset();
      for (Waiting* waiting : admitted) waiting->outcome = std::unexpected(committed.error());
    }
    for (Waiting* waiting : repeated) co_await settle_alone(*waiting);
  }
  pass_on_the_pen();
  for (Waiting* waiting : std::span(group).subspan(1)) waiting->told.set(true);
}

// A client that sends a letter again before we have answered for the first time.
std::vector<Mailboxes::Writer::Waiting*> Mailboxes::Writer::take_repeated(std::vector<Waiting*>& group) {
  std::set<journey::ResendToken> seen;
  std::vector<Waiting*> taken;
  std::erase_if(group, [&](Waiting* waiting) {
    if (!waiting->arrival.token || seen.insert(*waiting->arrival.token).second) return false;
    taken.push_back(waiting);
    return true;
  });
  return taken;
}

void Mailboxes::Writer::pass_on_the_pen() {
  Waiting* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      writing_ = false;
    } else {
      next = waiting_.front();
    }
  }
  if (next != nullptr) next->told.set(false);
}

net::Task<Result<void>> Mailboxes::Writer::load_head() {
  PABAL_CO_TRY(const store::ScanPage last,
               co_await engine_.scan(partition_, store::KeyRange::with_prefix(kLogPrefix),
                                     {.max_entries = 1, .reverse = true}));
  if (last.empty()) {
    Counters first;
    first.last_folder = kInbox;
    first.last_uid_validity = next_uid_validity(first, clock_.wall());
    inbox_ = {.id = kInbox, .name = std::string(kInboxName), .subscribed = true};
    inbox_.uid_validity = first.last_uid_validity;
    head_ = first;
    co_return Result<void>();
  }
  const auto key = parse_log_key(last[0].key);
  if (!key) co_return fail(ErrorKind::kCorrupt, "the log of {} can't be read", partition_);
  const std::string keys[] = {log_key(key->change), folder_key(kInbox)};
  PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
  const auto head = values[0] ? decode_log_head(values[0]->bytes) : std::nullopt;
  auto inbox = values[1] ? decode_folder(values[1]->bytes) : std::nullopt;
  if (!head || !inbox) co_return fail(ErrorKind::kCorrupt, "the log of {} can't be read", partition_);
  head_ = head->after;
  inbox_ = *std::move(inbox);
  co_return Result<void>();
}

void Mailboxes::Writer::admit_by_quota(Group group) {
  std::uint64_t used = head_->used_bytes;
  for (Waiting* waiting : group) {
    const std::uint64_t size = waiting->arrival.letter.size_bytes();
    if (waiting->arrival.quota.admits(used, size)) {
      used += size;
    } else {
      waiting->outcome = fail(ErrorKind::kOverLimit, "the mailbox is full");
      waiting->settled = true;
    }
  }
}

net::Task<Result<void>> Mailboxes::Writer::commit(Group group) {
  const WallTime now = clock_.wall();
  const Counters& before = *head_;
  LogRecord record{.after = before, .at = now};
  Counters& after = record.after;
  after.last_change = ModSeq(before.last_change.value() + 1);
  Folder inbox = inbox_;
  inbox.mod_seq = after.last_change;
  op::RowsCame came{.folder = kInbox, .first_uid = inbox.uid_next};

  store::Batch batch(partition_);
  for (Waiting* waiting : group) {
    Arrival& arrival = waiting->arrival;
    after.last_letter = LetterId(after.last_letter.value() + 1);
    after.letters += 1;
    after.used_bytes += arrival.letter.size_bytes();
    came.rows.push_back({.letter = after.last_letter,
                         .size_bytes = static_cast<std::uint32_t>(arrival.letter.size_bytes()),
                         .flags = {},
                         .received = std::chrono::floor<std::chrono::seconds>(arrival.letter.received)});
    const Uid uid = inbox.uid_next;
    inbox.uid_next = Uid(uid.value() + 1);
    inbox.letters += 1;
    inbox.unseen += 1;
    inbox.bytes += arrival.letter.size_bytes();
    std::string key = letter_key(after.last_letter);
    batch.hold(arrival.letter.blob, key);
    batch.put(std::move(key), encode(arrival.letter));
    if (arrival.blob) batch.attach(*arrival.blob);
    if (arrival.token) journey::guard(batch, *arrival.token, arrival.letter.journey, now);
    journal_.write(batch, arrival.entry);
    waiting->outcome = Placed{.letter = after.last_letter, .uid = uid, .uid_validity = inbox.uid_validity};
  }
  std::string key = log_key(after.last_change);
  batch.expect_absent(key);
  record.operations.emplace_back(std::move(came));
  PABAL_CO_TRY(std::vector<std::string> values, encode(record));
  batch.put(std::move(key), std::move(values.front()));
  for (std::uint32_t part = 1; part < values.size(); ++part) {
    batch.put(log_key(after.last_change, part), std::move(values[part]));
  }
  batch.put(folder_key(kInbox), encode(inbox));

  auto committed = co_await engine_.commit(std::move(batch));
  if (!committed) co_return failure_of(std::move(committed));
  head_ = after;
  inbox_ = std::move(inbox);
  for (Waiting* waiting : group) journal_.committed(partition_, std::move(waiting->arrival.entry));
  co_return Result<void>();
}

// A group met a conflict: one of its letters was here already, or another node wrote. Alone it can be told.
net::Task<void> Mailboxes::Writer::settle_alone(Waiting& waiting) {
  Waiting* const group[] = {&waiting};
  Result<void> committed = fail(ErrorKind::kConflict, "other nodes keep writing to the mailbox");
  for (int tries = 0; tries < kMaxTries; ++tries) {
    if (waiting.arrival.token) {
      const auto before =
          co_await journey::find_sent_before(engine_, partition_, *waiting.arrival.token, clock_.wall());
      if (before && *before) {
        waiting.outcome = Placed{.letter = {}, .uid = {}, .known = true};
        co_return;
      }
    }
    head_.reset();
    committed = co_await load_head();
    if (committed) committed = co_await commit(group);
    if (committed) co_return;
    if (committed.error().kind != ErrorKind::kConflict) break;
  }
  head_.reset();
  waiting.outcome = fail(ErrorKind::kRetryLater, "{}", committed.error().detail);
}

}  // namespace pabal::mailbox
