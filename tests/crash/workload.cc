#include "workload.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace pabal::store {
namespace {

// Committers share partitions, as connections share an account.
constexpr std::size_t kPartitions = 4;

PartitionId partition_of(std::size_t committer) {
  return PartitionId(fmt::format("partition {}", committer % kPartitions));
}
std::string counter_key(std::size_t committer) { return fmt::format("counter/{:02}", committer); }
std::string record_key(std::size_t committer, std::uint64_t step, std::size_t i) {
  return fmt::format("record/{:02}/{:08}/{}", committer, step, i);
}

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::string bytes_of(std::uint64_t id, std::size_t size) {
  std::string bytes(size + 8, '\0');
  for (std::size_t at = 0; at < size; at += 8) {
    id = mix(id + 0x9e3779b97f4a7c15ULL);
    std::memcpy(&bytes[at], &id, 8);
  }
  bytes.resize(size);
  return bytes;
}

struct Content {
  std::uint64_t id = 0;
  std::size_t size = 0;
  std::string bytes() const { return bytes_of(id, size); }
};

struct Step {
  std::vector<Content> values;
  std::optional<Content> blob;
};

Step step_of(const Ledger& ledger, std::size_t committer, std::uint64_t number) {
  std::uint64_t dice = mix(ledger.seed ^ mix(committer * 1'000'003 + number));
  const auto roll = [&dice](std::uint64_t sides) {
    dice = mix(dice + 0x9e3779b97f4a7c15ULL);
    return dice % sides;
  };
  Step step;
  for (std::uint64_t i = 1 + roll(5); i > 0; --i)
    step.values.push_back({dice + i, roll(20) == 0 ? roll(40'000) : roll(300)});
  if (roll(8) == 0) return step;  // a flag change, say: no blob
  if (roll(6) == 0) {
    // A letter to many: other committers store the same bytes.
    const std::uint64_t letter = mix(ledger.seed + roll(5));
    step.blob = Content{letter, letter % 9000};
  } else if (roll(ledger.large_blob_one_in) == 0) {
    step.blob = Content{dice, 256 * 1024 + roll(300'000)};
  } else {
    step.blob = Content{dice, roll(30) == 0 ? roll(120'000) : roll(9000)};
  }
  return step;
}

// Most steps are erased soon; some stay, so that old data lies among garbage.
std::uint64_t lifetime_of(std::uint64_t step) { return step % 10 == 0 ? 80 : 8; }
bool alive(std::uint64_t step, std::uint64_t last) { return step <= last && last < step + lifetime_of(step); }

std::vector<std::uint64_t> erased_by(std::uint64_t step) {
  std::vector<std::uint64_t> erased;
  for (const std::uint64_t lifetime : {lifetime_of(1), lifetime_of(10)}) {
    if (step > lifetime && lifetime_of(step - lifetime) == lifetime) erased.push_back(step - lifetime);
  }
  return erased;
}

net::Task<Result<StagedBlob>> stage(Engine& engine, std::string bytes) {
  const auto writer = engine.new_blob();
  constexpr std::size_t kPieceBytes = 50'000;
  for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    PABAL_CO_TRY_VOID(co_await writer->write(std::string_view(bytes).substr(at, kPieceBytes)));
  }
  co_return co_await writer->finish();
}

net::Task<Result<Version>> take_step(Engine& engine, const Ledger& ledger, std::size_t committer,
                                     std::uint64_t number, std::optional<Version> counter_version) {
  Batch batch(partition_of(committer));
  const std::string counter = counter_key(committer);
  if (counter_version) {
    batch.expect(counter, *counter_version);
  } else {
    batch.expect_absent(counter);
  }
  batch.put(counter, std::to_string(number));
  const Step step = step_of(ledger, committer, number);
  for (std::size_t i = 0; i < step.values.size(); ++i) {
    batch.put(record_key(committer, number, i), step.values[i].bytes());
  }
  if (step.blob) {
    PABAL_CO_TRY(StagedBlob staged, co_await stage(engine, step.blob->bytes()));
    batch.hold(staged.id, record_key(committer, number, 0));
    batch.attach(std::move(staged));
  }
  for (const std::uint64_t old : erased_by(number)) {
    const Step erased = step_of(ledger, committer, old);
    for (std::size_t i = 0; i < erased.values.size(); ++i) batch.erase(record_key(committer, old, i));
    if (erased.blob) batch.release(BlobId::of(erased.blob->bytes()), record_key(committer, old, 0));
  }
  co_return co_await engine.commit(std::move(batch));
}

}  // namespace

net::Task<Result<void>> take_steps(Engine& engine, Ledger& ledger, std::size_t committer,
                                   const std::function<bool()>& go_on) {
  CommitterLedger& own = ledger.of[committer];
  const PartitionId partition = partition_of(committer);
  PABAL_CO_TRY(const auto counter, co_await engine.get_one(partition, counter_key(committer)));
  std::uint64_t last = 0;
  std::optional<Version> version;
  if (counter) {
    last = std::stoull(counter->bytes);
    version = counter->version;
  }
  while (go_on()) {
    own.attempted = last + 1;
    PABAL_CO_TRY(version, co_await take_step(engine, ledger, committer, last + 1, version));
    // The version first: after a crash between the two, the store must have the step that it belongs to.
    own.version = version->value();
    own.acknowledged = ++last;
  }
  co_return Result<void>{};
}

namespace {

class Checker {
 public:
  Checker(Ledger& ledger, Engine& engine) : ledger_(ledger), engine_(engine) {}

  net::Task<CheckReport> run() {
    for (std::size_t i = 0; i < kPartitions; ++i) co_await load(PartitionId(fmt::format("partition {}", i)));
    for (std::size_t i = 0; i < ledger_.committers; ++i) co_await check_committer(i);
    for (const auto& [key, value] : found_) fault("a key that no step put: {}", key);
    co_return std::move(report_);
  }

 private:
  template <class... Args>
  void fault(fmt::format_string<Args...> format, Args&&... args) {
    if (report_.faults.size() < 100)
      report_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  net::Task<void> load(PartitionId partition) {
    std::optional<KeyRange> rest = KeyRange{};
    while (rest) {
      const auto page = co_await engine_.scan(partition, *rest, {.max_entries = 500});
      if (!page) {
        fault("scanning {}: {}", partition.value(), page.error().detail);
        co_return;
      }
      for (std::size_t i = 0; i < page->size(); ++i) {
        // Keys name their committer, and that names its partition; so one map does for all.
        const auto [at, is_new] = found_.try_emplace(
            std::string((*page)[i].key), Value{std::string((*page)[i].value), (*page)[i].version});
        if (!is_new) fault("key {} came twice", at->first);
      }
      report_.keys += page->size();
      rest = page->next();
    }
  }

  net::Task<void> check_committer(std::size_t committer) {
    CommitterLedger& own = ledger_.of[committer];
    const std::uint64_t acknowledged = own.acknowledged;
    const auto counter = take(counter_key(committer));
    const std::uint64_t last = counter ? std::stoull(counter->bytes) : 0;
    report_.acknowledged += acknowledged;
    if (last < acknowledged) {
      fault("committer {}: step {} was acknowledged, but the store ends at step {}", committer, acknowledged,
            last);
    }
    if (last > own.attempted) {
      fault("committer {}: the store has step {}, but only {} were tried", committer, last,
            own.attempted.load());
    }
    if (counter && last == acknowledged && counter->version != Version(own.version)) {
      fault("committer {}: step {} has version {}, but {} was told", committer, last, counter->version,
            own.version.load());
    }
    if (last > acknowledged) report_.beyond_ledger += last - acknowledged;
    Version newest;
    for (std::uint64_t step = last > 80 ? last - 80 : 1; step <= last; ++step) {
      if (alive(step, last))
        co_await check_step(committer, step, step == last ? counter : std::nullopt, newest);
    }
    own.acknowledged = last;
    own.attempted = last;
    own.version = counter ? counter->version.value() : 0;
  }

  net::Task<void> check_step(std::size_t committer, std::uint64_t number, std::optional<Value> counter,
                             Version& newest) {
    const Step step = step_of(ledger_, committer, number);
    std::optional<Version> version;
    if (counter) version = counter->version;
    for (std::size_t i = 0; i < step.values.size(); ++i) {
      const std::string key = record_key(committer, number, i);
      const auto value = take(key);
      if (!value) {
        fault("{} is missing", key);
        continue;
      }
      if (value->bytes != step.values[i].bytes()) fault("{} has other bytes than were put", key);
      if (version.value_or(value->version) != value->version)
        fault("{} has another version than its batch", key);
      version = value->version;
    }
    if (version) {
      if (*version <= newest)
        fault("committer {}: step {} has a version below that of an earlier one", committer, number);
      newest = *version;
    }
    if (step.blob) co_await check_blob(committer, number, step.blob->bytes());
  }

  net::Task<void> check_blob(std::size_t committer, std::uint64_t step, std::string bytes) {
    const BlobId id = BlobId::of(bytes);
    if (!checked_blobs_.insert(id).second) co_return;
    report_.live_blobs.push_back(id);
    const auto read = co_await engine_.read_blob(id, 0, bytes.size() + 1);
    if (!read) {
      fault("the blob of committer {}, step {}: {}", committer, step, read.error().detail);
    } else if (*read != bytes) {
      fault("the blob of committer {}, step {} has other bytes than were written", committer, step);
    }
  }

  std::optional<Value> take(const std::string& key) {
    auto node = found_.extract(key);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }

  Ledger& ledger_;
  Engine& engine_;
  CheckReport report_;
  std::map<std::string, Value> found_;
  std::set<BlobId> checked_blobs_;
};

}  // namespace

net::Task<CheckReport> check_against(Ledger& ledger, Engine& engine) {
  Checker checker(ledger, engine);
  co_return co_await checker.run();
}

}  // namespace pabal::store
