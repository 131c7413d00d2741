// The extensions that a server offers in its reply to EHLO (RFC 5321 §4.1.1.1): read by the client, and
// the set that both sides hold when they ask whether a parameter may be used. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::smtp {

enum class Extension : std::uint8_t {
  kPipelining,           ///< RFC 2920
  kSize,                 ///< RFC 1870
  kEightBitMime,         ///< RFC 6152
  kSmtpUtf8,             ///< RFC 6531
  kChunking,             ///< RFC 3030
  kBinaryMime,           ///< RFC 3030
  kDsn,                  ///< RFC 3461
  kStartTls,             ///< RFC 3207
  kAuth,                 ///< RFC 4954
  kEnhancedStatusCodes,  ///< RFC 2034
  kRequireTls,           ///< RFC 8689
  kFutureRelease,        ///< RFC 4865
  kLimits,               ///< RFC 9422
  kHelp,
  kXclient,
};
std::string_view keyword_of(Extension extension);
std::optional<Extension> find_extension(std::string_view keyword);

class ExtensionSet {
 public:
  constexpr ExtensionSet() = default;
  constexpr ExtensionSet(std::initializer_list<Extension> extensions) {
    for (const Extension extension : extensions) add(extension);
  }
  constexpr void add(Extension extension) { bits_ |= bit(extension); }
  constexpr void remove(Extension extension) { bits_ &= ~bit(extension); }
  constexpr bool has(Extension extension) const { return (bits_ & bit(extension)) != 0; }
  bool operator==(const ExtensionSet&) const = default;

 private:
  static constexpr std::uint32_t bit(Extension extension) {
    return std::uint32_t{1} << static_cast<unsigned>(extension);
  }
  std::uint32_t bits_ = 0;
};

/// What a peer offered, and the figures that came with it.
struct PeerExtensions {
  ExtensionSet offered;
  /// SIZE's figure; nothing for none or for 0, "no fixed maximum" (RFC 1870 §3).
  std::optional<std::uint64_t> max_letter_bytes;
  /// SASL mechanisms in upper case, in the peer's order.
  std::vector<std::string> mechanisms;
  /// LIMITS (RFC 9422 §4): letters a connection, recipients a letter, and recipient domains a letter.
  std::optional<std::uint64_t> max_letters;
  std::optional<std::uint64_t> max_recipients;
  std::optional<std::uint64_t> max_recipient_domains;

  bool offers(Extension extension) const { return offered.has(extension); }
};

/// A server may name any number; this many are ever of use.
inline constexpr std::size_t kMaxPeerMechanisms = 32;

/// From the text of a 250 reply to EHLO. The first line is the greeting; unknown keywords and figures
/// that make no sense are passed over, since a peer's odd line must not stop the mail.
PeerExtensions parse_ehlo_reply(std::string_view text);

}  // namespace pabal::smtp
