// The measures of bench/store (README.md says what each one is). Each works in a directory of its own below
// `directory`, and leaves it for the caller to remove.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "report.h"
#include "store/embedded.h"

namespace pabal::bench {

struct Options {
  std::string directory;
  std::uint64_t letters = 300'000;
  double seconds = 4;     ///< for each rate
  std::size_t loops = 2;  ///< event loops, as in a server on two cores
  std::vector<std::string> only;

  bool wants(std::string_view measure) const;
};

void measure_disk(const Options& options, Report& report);
void measure_commits(const Options& options, Report& report);
/// Fills a store, kills its process, and measures opening and reading what is left.
void measure_letters(const Options& options, Report& report);
/// The process that fills: reports lines to `descriptor` and kills itself.
int fill_and_die(const std::string& directory, std::uint64_t letters, std::size_t loops, int descriptor);

/// A letter's bytes: `number` makes them differ, and nothing compresses.
std::string letter_bytes(std::size_t size, std::uint64_t number);
store::BlobId letter_id(std::size_t size, std::uint64_t number);
/// What the server does when a letter arrives: one blob, one record that points at it and four small keys.
net::Task<Result<store::Version>> deliver(store::Engine& engine, std::uint64_t account, std::uint64_t number,
                                          std::size_t size);

/// Ends the program with words when something fails: a benchmark of failures measures nothing.
[[noreturn]] void give_up(std::string_view doing, const Error& error);
template <class T>
T must(Result<T> result, std::string_view doing) {
  if (!result) give_up(doing, result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::unique_ptr<store::EmbeddedEngine> open_store(const std::string& directory);

/// Runs `make(loop)` on that many loops, each on a thread of its own.
void on_loops(std::size_t loops, const std::function<net::Task<void>(std::size_t)>& make);

}  // namespace pabal::bench
