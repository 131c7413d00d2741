#include "letters.h"
namespace pabal::bench {
void bench_order(std::size_t) {}
}  // namespace pabal::bench
