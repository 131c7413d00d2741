#include "queue/report.h"
namespace pabal::queue {
bool returns_whole(ReportKind kind, const Letter& letter, std::uint64_t max_bytes) {
  return kind == ReportKind::kFailed && letter.ret != smtp::Ret::kHeaders &&
         letter.body != smtp::Body::kBinaryMime && letter.size_bytes() <= max_bytes;
}
std::string build_report(const ReportFacts&, const Clock&, Random&) { return "report"; }
}  // namespace pabal::queue
