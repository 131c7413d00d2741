// store_bench: what the embedded store does on this machine. README.md says how to read it.
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bench.h"

namespace pabal::bench {

bool Options::wants(std::string_view measure) const {
  return only.empty() || std::ranges::find(only, measure) != only.end();
}

namespace {

constexpr std::string_view kUsage =
    R"(store_bench [options]
  --dir DIRECTORY    where to write; on the disk that is to be measured (default: the temporary directory)
  --letters N        how many letters to fill a store with (default 300000)
  --seconds S        how long to measure each rate (default 4)
  --loops N          event loops (default 2)
  --only MEASURE     disk, commits or letters; may be given again
  --smoke            small and quick: proves only that it runs
  --json             for scripts
)";

struct Arguments {
  Options options;
  bool json = false;
  bool good = true;
};

Arguments parse(const std::vector<std::string>& given) {
  Arguments result;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given[i];
    if (name == "--json") {
      result.json = true;
    } else if (name == "--smoke") {
      result.options.letters = 2000;
      result.options.seconds = 0.1;
    } else if (i + 1 >= given.size()) {
      result.good = false;
    } else if (name == "--dir") {
      result.options.directory = given[++i];
    } else if (name == "--letters") {
      result.options.letters = std::max(1ULL, std::strtoull(given[++i].c_str(), nullptr, 10));
    } else if (name == "--seconds") {
      result.options.seconds = std::strtod(given[++i].c_str(), nullptr);
    } else if (name == "--loops") {
      result.options.loops = std::max(1ULL, std::strtoull(given[++i].c_str(), nullptr, 10));
    } else if (name == "--only") {
      result.options.only.push_back(given[++i]);
    } else {
      result.good = false;
    }
  }
  return result;
}

int run(const std::vector<std::string>& given) {
  if (given.size() == 5 && given[0] == "--fill-and-die") {
    return fill_and_die(given[1], std::strtoull(given[2].c_str(), nullptr, 10),
                        std::strtoull(given[3].c_str(), nullptr, 10), std::atoi(given[4].c_str()));
  }
  auto [options, json, good] = parse(given);
  if (!good) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  std::string parent =
      options.directory.empty() ? std::filesystem::temp_directory_path().string() : options.directory;
  std::string directory = parent + "/store-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    fmt::print(stderr, "store_bench: {} can't be written to; give another with --dir\n", parent);
    return 1;
  }
  options.directory = directory;
  Report report(json);
#ifndef __OPTIMIZE__
  report.note("A debug build: the figures mean nothing (cmake --preset release).");
#endif
  if (options.wants("disk")) measure_disk(options, report);
  if (options.wants("commits")) measure_commits(options, report);
  if (options.wants("letters")) measure_letters(options, report);
  report.print_json();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace pabal::bench

int main(int argc, char** argv) { return pabal::bench::run({argv + 1, argv + argc}); }
