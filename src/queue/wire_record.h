// Notes what is said between us and a peer, as a journey event, while those who follow live hear each line.
// Lives on the session's loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "journey/journal.h"
#include "smtp/dialogue.h"

namespace pabal::queue {

class WireRecord final : public smtp::Dialogue {
 public:
  /// Both must outlive it.
  WireRecord(const Clock& clock, journey::Journal& journal) : clock_(clock), journal_(journal) {}

  /// What is said from now on belongs to this letter's journey.
  void begin(journey::JourneyId id);
  /// The kSpoke event of what was said since, with the host as a fact; nothing if nobody said a word. A
  /// dialogue beyond the bounds of journey/event.h keeps its beginning and its end. What is said after this
  /// and before the next begin() is nobody's.
  std::optional<journey::Event> take(const std::string& host);

  void heard(std::string_view line) override { note(journey::WireLine::From::kPeer, line); }
  void said(std::string_view line) override { note(journey::WireLine::From::kUs, line); }
  void letter_heard(std::uint64_t size_bytes) override;
  void letter_said(std::uint64_t size_bytes) override;

 private:
  void note(journey::WireLine::From from, std::string_view line);

  const Clock& clock_;
  journey::Journal& journal_;
  journey::JourneyId id_;
  MonoTime began_{};
  journey::Event event_;
  std::size_t left_out_ = 0;
  bool listening_ = false;
};

}  // namespace pabal::queue
