#include "embedded_on_faults.h"

#include <filesystem>

#include "net/scope.h"

namespace pabal::store {
namespace {

net::Task<void> commit_one(Engine& engine, Ledger& ledger, std::size_t committer, std::uint64_t steps,
                           std::vector<Error>& errors) {
  auto result = co_await take_steps(engine, ledger, committer, [&steps] { return steps-- > 0; });
  if (!result) errors.push_back(std::move(result).error());
}

net::Task<void> sweep_once(Engine& engine) {
  // Its outcome is not asked for: on a failing disk it may fail, and it may never do harm.
  static_cast<void>(co_await engine.sweep());
}

net::Task<std::vector<Error>> commit_all(Engine& engine, Ledger& ledger, std::uint64_t steps) {
  net::Scope scope(*(co_await net::current_context()).loop);
  std::vector<Error> errors;
  for (std::size_t i = 0; i < ledger.committers; ++i)
    scope.spawn(commit_one(engine, ledger, i, steps, errors));
  scope.spawn(sweep_once(engine));
  co_await scope.join();
  co_return errors;
}

}  // namespace

EmbeddedOnFaults::EmbeddedOnFaults(std::uint64_t seed, std::size_t committers) {
  ledger_.seed = seed;
  ledger_.committers = committers;
  ledger_.large_blob_one_in = 25;
  files_->let_ghost_go_on(directory() + "/index");
}

Result<void> EmbeddedOnFaults::open() {
  EmbeddedOptions options;
  options.directory = directory();
  options.cache_bytes = 1024 * 1024;
  options.write_buffer_bytes = 128 * 1024;
  options.segment_bytes = 512 * 1024;
  options.reserve_bytes = 1024 * 1024;
  options.reader_threads = 1;
  PABAL_TRY(engine_, open_embedded_on(options, files_));
  return {};
}

std::vector<Error> EmbeddedOnFaults::commit(std::uint64_t steps) {
  return run(commit_all(*engine_, ledger_, steps));
}

CheckReport EmbeddedOnFaults::check() { return run(check_against(ledger_, *engine_)); }

std::vector<std::string> EmbeddedOnFaults::verify() const {
  // A store whose making was cut short is none yet.
  if (!std::filesystem::exists(directory() + "/FORMAT")) return {};
  auto report = verify_embedded(directory());
  if (!report) return {report.error().detail};
  return std::move(report->faults);
}

}  // namespace pabal::store
