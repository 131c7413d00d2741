#include "contract.h"
#include "store/memory.h"

namespace pabal::store {
namespace {

class MemoryHome final : public EngineHome {
 public:
  Engine& engine() override { return *engine_; }
  bool reopen() override { return false; }

 private:
  std::unique_ptr<Engine> engine_ = make_memory_engine();
};

}  // namespace

std::vector<EngineUnderTest> all_engines() {
  return {
      {"Memory", []() -> std::unique_ptr<EngineHome> { return std::make_unique<MemoryHome>(); }},
  };
}

}  // namespace pabal::store
