// What waits in the queue: a letter that has to go to other hosts. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "account/address.h"
#include "account/ids.h"
#include "base/clock.h"
#include "journey/journey_id.h"
#include "smtp/parameters.h"
#include "store/blob.h"

namespace pabal::queue {

/// A letter as it will be sent: `preamble` (our Received line, and what else was put in front), then the
/// blob, which is what the client sent. Nothing here changes while the letter waits.
struct Letter {
  journey::JourneyId id;  ///< also its queue id
  std::optional<account::Address> sender =
      {};                       ///< nothing: the null path of a report, about which none is made
  std::string message_id = {};  ///< without angle brackets; for people who look for it
  std::string preamble = {};
  store::BlobId blob = {};
  std::uint64_t blob_bytes = 0;
  smtp::Body body = smtp::Body::kSevenBit;  ///< what the bytes need, whatever the client claimed
  bool smtputf8 = false;
  std::optional<smtp::Ret> ret = {};
  std::optional<std::string> envid = {};
  bool require_tls = false;
  WallTime accepted = {};
  std::optional<smtp::Hold> hold = {};               ///< RFC 4865, undo-send: not before
  std::optional<account::AccountId> submitter = {};  ///< whose login sent it; fairness is between these
  bool operator==(const Letter&) const = default;

  std::uint64_t size_bytes() const { return preamble.size() + blob_bytes; }
  /// When it is tried first.
  WallTime first_due() const { return hold_until().value_or(accepted); }
  std::optional<WallTime> hold_until() const {
    if (!hold) return std::nullopt;
    const auto* span = std::get_if<std::chrono::seconds>(&*hold);
    return span != nullptr ? accepted + *span : std::get<WallTime>(*hold);
  }
};

struct Recipient {
  account::Address address;
  smtp::RcptParameters parameters = {};
  bool operator==(const Recipient&) const = default;
};

}  // namespace pabal::queue
