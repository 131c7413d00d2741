// What happened to a letter, one step at a time: typed, in the order of time, without a word of its body.
// Told to people by journey/telling.h. Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace pabal::journey {

/// The numbers are stored; never used again for something else (docs/journeys.md).
enum class Stage : std::uint8_t {
  kAccepted = 1,    ///< a client handed the letter over, and we answered for it
  kRefused = 2,     ///< it did not come in: a recipient or the whole letter was refused
  kChecked = 3,     ///< what was found out about it
  kRouted = 4,      ///< an alias, a group, a forward: where it goes instead
  kStored = 5,      ///< in a mailbox: there the way ends well
  kQueued = 6,      ///< waits to be carried on
  kHeld = 7,        ///< waits because somebody said so: the sender (RFC 4865) or an operator
  kReleased = 8,    ///< and goes on
  kLookedUp = 9,    ///< the DNS was asked
  kConnected = 10,  ///< to a host; or not, and why
  kEncrypted = 11,  ///< TLS, or why none
  kSpoke = 12,      ///< a dialogue on the wire
  kConverted = 13,  ///< its bytes were changed for a peer that takes no others
  kDeferred = 14,   ///< not now; when next
  kRelayed = 15,    ///< another host took it: from here on it answers for the letter
  kFailed = 16,     ///< it will not arrive
  kReported = 17,   ///< its sender was told (RFC 3464)
  kDropped = 18,    ///< nobody is left to tell, or an operator dropped it
  kDuplicate = 19,  ///< the client sent again what we have already
  kFetched = 20,    ///< by its reader
  kDeleted = 21,    ///< by its reader
};

/// What a fact is about. Stored like Stage.
enum class FactName : std::uint8_t {
  kClient = 1,  ///< who handed it over: "mail.crepes.fr [192.0.2.1]:40112"
  kHelo = 2,
  kProtocol = 3,  ///< "ESMTPSA"
  kTls = 4,       ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"
  kLogin = 5,
  kSender = 6,     ///< the envelope's; "<>" for none
  kRecipient = 7,  ///< may come many times
  kSize = 8,       ///< bytes
  kMessageId = 9,
  kReason = 10,    ///< in plain words, a whole sentence
  kReply = 11,     ///< what the other side said, word for word
  kOurReply = 12,  ///< what we said
  kHost = 13,      ///< "mx.hamburger.edu [192.0.2.7]:25"
  kNextTry = 14,   ///< RFC 3339, UTC
  kDomain = 15,
  kFolder = 16,
  kAccount = 17,
  kVia = 18,      ///< the alias or group that led there
  kAttempt = 19,  ///< the how manieth
  kRelatedJourney =
      20,    ///< of the report about this letter; in a report's journey, of the letter it is about
  kBy = 21,  ///< the operator, the program
  kSubject = 22,
  kListener = 23,  ///< ours, through which it came
  kLeftOut = 24,   ///< what had no room in the record: "40 facts and 12 lines of the dialogue"
};

struct Fact {
  FactName name;
  std::string value;
  bool operator==(const Fact&) const = default;
};

/// One line of a dialogue, credentials blanked; a letter's body is its number of bytes.
struct WireLine {
  enum class From : std::uint8_t { kUs = 1, kPeer = 2 };
  std::chrono::microseconds after{0};  ///< the event's time
  From from = From::kUs;
  std::string text;
  bool operator==(const WireLine&) const = default;
};

struct Event {
  WallTime at = {};
  Stage stage = Stage::kAccepted;
  std::vector<Fact> facts = {};
  std::vector<WireLine> dialogue = {};

  void add(FactName name, std::string value) { facts.push_back({name, std::move(value)}); }
  /// The first of that name; empty if there is none.
  std::string_view find(FactName name) const;
  bool operator==(const Event&) const = default;
};

/// In small letters, for programs: "looked_up", "our_reply".
std::string_view to_string(Stage stage);
std::string_view to_string(FactName name);

// Bounds of what is kept: a long dialogue or list of recipients is cut, and says so (kLeftOut). A thousand
// recipients, and a dialogue about a hundred of them on each of a domain's hosts, have room.
inline constexpr std::size_t kMaxFacts = 1200;
inline constexpr std::size_t kMaxFactBytes = 1024;
inline constexpr std::size_t kMaxWireLines = 400;
inline constexpr std::size_t kMaxWireLineBytes = 512;

}  // namespace pabal::journey
