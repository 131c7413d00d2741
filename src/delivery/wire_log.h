// The dialogue of an SMTP session as the journey of its letter keeps it: from the greeting, and then from
// each letter's end to the next.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "journey/event.h"
#include "smtp/dialogue.h"

namespace pabal::delivery {

class WireLog final : public smtp::Dialogue {
 public:
  explicit WireLog(const Clock& clock) : clock_(clock) {}

  void heard(std::string_view line) override { add(journey::WireLine::From::kPeer, line); }
  void said(std::string_view line) override { add(journey::WireLine::From::kUs, line); }
  void letter_heard(std::uint64_t size_bytes) override;
  void letter_said(std::uint64_t) override {}

  /// When the first line was said.
  WallTime began() const { return began_; }
  /// All lines so far; the log begins anew.
  std::vector<journey::WireLine> take();

 private:
  void add(journey::WireLine::From from, std::string_view line);

  const Clock& clock_;
  WallTime began_ = {};
  std::vector<journey::WireLine> lines_;
};

}  // namespace pabal::delivery
