// What the header of a letter that comes in says about how to treat it, and what a submitted one still lacks
// (RFC 6409 §8). Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/clock.h"
#include "base/random.h"

namespace pabal::delivery {

/// RFC 5321 §6.3: a letter that has been through so many hands goes round in circles.
inline constexpr std::size_t kMaxReceivedLines = 100;

struct HeaderFacts {
  bool is_empty =
      false;  ///< the letter begins with its text: what we put in front must end with an empty line
  std::string message_id = {};  ///< without angle brackets; empty for none
  std::string subject = {};     ///< as it stands, cut
  bool has_date = false;
  bool has_from = false;
  bool has_bcc = false;
  std::vector<std::string> from = {};  ///< addr-specs
  std::size_t received_lines = 0;
  std::vector<std::string> delivered_to = {};  ///< addresses, as they stand

  /// Whether it was delivered to that address before: a forward that came back.
  bool was_delivered_to(const account::Address& address) const;
};

/// `header` with its empty line, as message::HeaderCollector gives it; empty for none.
HeaderFacts read_header(std::string_view header);

/// The fields that a submitted letter needs and lacks: Date, Message-ID, From.
std::string missing_fields(const HeaderFacts& facts, const account::Address& author,
                           std::string_view host_name, const Clock& clock, Random& random);

}  // namespace pabal::delivery
