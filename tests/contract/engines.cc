#include <stdexcept>

#include "contract.h"
#include "store/embedded.h"
#include "store/memory.h"
#include "support/scratch_directory.h"

namespace pabal::store {
namespace {

class MemoryHome final : public EngineHome {
 public:
  Engine& engine() override { return *engine_; }
  bool reopen() override { return false; }

 private:
  std::unique_ptr<Engine> engine_ = make_memory_engine();
};

class EmbeddedHome final : public EngineHome {
 public:
  explicit EmbeddedHome(EmbeddedOptions options) : options_(std::move(options)) {
    options_.directory = scratch_.path() + "/store";
    options_.reserve_bytes = 16 * 1024 * 1024;
    open();
  }

  Engine& engine() override { return *engine_; }
  bool reopen() override {
    engine_.reset();
    open();
    return true;
  }

 private:
  void open() {
    auto engine = open_embedded(options_);
    if (!engine) throw std::runtime_error(engine.error().detail);
    engine_ = *std::move(engine);
  }

  ScratchDirectory scratch_{"contract"};
  EmbeddedOptions options_;
  std::unique_ptr<EmbeddedEngine> engine_;
};

// As small as it goes: tables are written and merged all the time, and most reads leave the loop.
EmbeddedOptions tiny() {
  EmbeddedOptions options;
  options.cache_bytes = 64 * 1024;
  options.write_buffer_bytes = 64 * 1024;
  options.segment_bytes = 256 * 1024;
  options.reader_threads = 1;
  return options;
}

}  // namespace

std::vector<EngineUnderTest> all_engines() {
  return {
      {"Memory", []() -> std::unique_ptr<EngineHome> { return std::make_unique<MemoryHome>(); }},
      {"Embedded",
       []() -> std::unique_ptr<EngineHome> { return std::make_unique<EmbeddedHome>(EmbeddedOptions()); }},
      {"EmbeddedTiny",
       []() -> std::unique_ptr<EngineHome> { return std::make_unique<EmbeddedHome>(tiny()); }},
  };
}

}  // namespace pabal::store
