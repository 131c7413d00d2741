#include "app/journey_keeping.h"

#include "net/loop.h"

namespace pabal::app {
namespace {

// What a crash may have kept out of the index: it is seconds behind at the very most.
constexpr std::chrono::minutes kCatchUp{10};
constexpr std::chrono::hours kForgetInterval{1};

}  // namespace

JourneyKeeping::JourneyKeeping(store::Engine& engine, journey::Index& index, journey::Places& places,
                               const Clock& clock, journey::RetentionOptions options, Logger log)
    : index_(index), places_(places), clock_(clock), retention_(engine, options), log_(std::move(log)) {}

net::Task<void> JourneyKeeping::run(net::Scope::OnBug on_bug) {
  const net::Context context = co_await net::current_context();
  net::Scope duties(*context.loop, context.cancel, std::move(on_bug));
  duties.spawn(catch_up());
  duties.spawn(index_.run());
  duties.spawn(forget_now_and_then());
  co_await duties.join();
}

net::Task<void> JourneyKeeping::catch_up() {
  const Result<void> done = co_await index_.rebuild_since(clock_.wall() - kCatchUp);
  if (done || done.error().kind == ErrorKind::kCancelled) co_return;
  log_.warn("some journeys may not be found by their addresses", {{"error", done.error()}});
}

net::Task<void> JourneyKeeping::forget_now_and_then() {
  const net::Context context = co_await net::current_context();
  while (co_await net::sleep_until(context.loop->in(kForgetInterval))) {
    const auto forgotten = co_await forget();
    if (forgotten) {
      log_.debug("old journeys forgotten",
                 {{"entries", forgotten->entries}, {"rows", forgotten->index_rows}});
    } else if (forgotten.error().kind != ErrorKind::kCancelled) {
      log_.warn("old journeys could not be forgotten", {{"error", forgotten.error()}});
    }
  }
}

net::Task<Result<journey::Forgotten>> JourneyKeeping::forget() {
  const WallTime now = clock_.wall();
  journey::Forgotten all;
  std::optional<store::PartitionId> last;
  for (;;) {
    PABAL_CO_TRY(const auto places, co_await places_.list(last));
    if (places.empty()) break;
    for (const store::PartitionId& place : places) {
      PABAL_CO_TRY(const journey::Forgotten here, co_await retention_.sweep(place, now));
      all.entries += here.entries;
      all.tokens += here.tokens;
    }
    last = places.back();
  }
  PABAL_CO_TRY(const journey::Forgotten rows, co_await retention_.sweep_index(now));
  all.index_rows = rows.index_rows;
  co_return all;
}

}  // namespace pabal::app
