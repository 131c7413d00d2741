// RFC 5802 with SHA-256 (RFC 7677):
//
//     C: n,,n=user,r=<client nonce>                               kFirst
//        SaslKeysWanted, use_keys()                               kKeys
//     S: r=<client nonce><server nonce>,s=<salt>,i=<iterations>
//     C: c=<gs2 header and channel binding>,r=<both>,p=<proof>    kFinal
//     S: v=<server signature>                                     kAcknowledge
//     C: (empty)
//
// The last two go as a challenge and its empty answer, since SMTP, IMAP and POP3 have no room for data beside
// their "OK" (RFC 4422 §5).
#include "account/detail/scram.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace pabal::account::detail {
namespace {

// Enough for 1024 bits in base64; what is longer only costs us hashing.
constexpr std::size_t kMaxNonceBytes = 256;

std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

bool is_printable(char c) { return is_vchar(c) && c != ','; }

/// The value of an attribute: all up to the next comma; never empty.
std::optional<std::string_view> take_value(Cursor& in) {
  const std::string_view value = in.take_while([](char c) { return c != ',' && c != '\0'; });
  if (value.empty()) return {};
  return value;
}

/// saslname: "," and "=" come as =2C and =3D, and no other "=" comes.
std::optional<std::string> take_saslname(Cursor& in) {
  const auto value = take_value(in);
  if (!value) return {};
  std::string out;
  Cursor rest(*value);
  while (const auto c = rest.take()) {
    if (*c != '=') {
      out.push_back(*c);
    } else if (rest.take_word("2C")) {
      out.push_back(',');
    } else if (rest.take_word("3D")) {
      out.push_back('=');
    } else {
      return {};
    }
  }
  if (out.size() > kMaxSaslNameBytes || !is_utf8(out)) return {};
  return out;
}

/// attr-val that we do not know: RFC 5802 §5.1 says to ignore it.
bool take_extension(Cursor& in) {
  const auto letter = in.take();
  return letter && is_alpha(*letter) && in.take_char('=') && take_value(in);
}

struct ClientFirst {
  char binding_flag = 'n';
  std::string binding_type;  ///< after "p="
  std::string gs2_header;
  std::string authzid;
  std::string bare;
  std::string name;
  std::string nonce;
};

/// client-first-message
std::optional<ClientFirst> parse_client_first(std::string_view text) {
  Cursor in(text);
  ClientFirst out;
  if (in.take_word("p=")) {
    out.binding_flag = 'p';
    out.binding_type = in.take_while([](char c) { return is_alnum(c) || c == '.' || c == '-'; });
    if (out.binding_type.empty()) return {};
  } else if (in.take_char('y')) {
    out.binding_flag = 'y';
  } else if (!in.take_char('n')) {
    return {};
  }
  if (!in.take_char(',')) return {};
  if (in.take_word("a=")) {
    auto authzid = take_saslname(in);
    if (!authzid) return {};
    out.authzid = *std::move(authzid);
  }
  if (!in.take_char(',')) return {};
  out.gs2_header = text.substr(0, in.position());
  out.bare = in.rest();

  // client-first-message-bare. "m=" would be an extension that we must know, and we know none.
  if (!in.take_word("n=")) return {};
  auto name = take_saslname(in);
  if (!name || !in.take_word(",r=")) return {};
  out.name = *std::move(name);
  out.nonce = in.take_while(is_printable);
  if (out.nonce.empty() || out.nonce.size() > kMaxNonceBytes) return {};
  while (in.take_char(',')) {
    if (!take_extension(in)) return {};
  }
  if (!in.at_end() || !is_utf8(text)) return {};
  return out;
}

struct ClientFinal {
  std::string channel_binding;  ///< decoded
  std::string nonce;
  std::string without_proof;
  std::string proof;  ///< decoded
};

/// client-final-message
std::optional<ClientFinal> parse_client_final(std::string_view text) {
  Cursor in(text);
  ClientFinal out;
  if (!in.take_word("c=")) return {};
  const auto binding = take_value(in);
  auto channel_binding = from_base64(binding.value_or(""));
  if (!channel_binding || !in.take_word(",r=")) return {};
  out.channel_binding = *std::move(channel_binding);
  out.nonce = in.take_while(is_printable);
  while (true) {
    out.without_proof = text.substr(0, in.position());
    if (in.take_word(",p=")) break;
    if (!in.take_char(',') || !take_extension(in)) return {};
  }
  const auto encoded = take_value(in);
  auto proof = from_base64(encoded.value_or(""));
  if (!proof || proof->size() != sizeof(Sha256::Digest) || !in.at_end() || !is_utf8(text)) return {};
  out.proof = *std::move(proof);
  return out;
}

class Scram final : public SaslMechanism {
 public:
  Scram(bool plus, SaslOptions options) : plus_(plus), options_(std::move(options)) {}

  SaslStep start(std::optional<std::string_view> initial_response) override {
    if (!initial_response) return SaslChallenge{};
    return step(*initial_response);
  }

  SaslStep step(std::string_view response) override {
    if (response.size() > kMaxSaslResponseBytes)
      return failed(SaslFailed::Why::kMalformed, "a message is too long");
    switch (state_) {
      case State::kFirst:
        return take_client_first(response);
      case State::kFinal:
        return take_client_final(response);
      case State::kAcknowledge:
        state_ = State::kOver;
        if (!response.empty())
          return failed(SaslFailed::Why::kMalformed, "data after the server's signature");
        return SaslProven{first_.authzid, first_.name};
      case State::kKeys:
      case State::kOver:
        break;
    }
    return failed(SaslFailed::Why::kMalformed, "a message that nobody waits for");
  }

  SaslStep use_keys(const ScramKeys& keys) override {
    PABAL_CHECK(state_ == State::kKeys);
    state_ = State::kFinal;
    keys_ = keys;
    nonce_ = first_.nonce + options_.server_nonce;
    server_first_ = fmt::format("r={},s={},i={}", nonce_, to_base64(keys.salt), keys.iterations);
    return SaslChallenge{server_first_};
  }

 private:
  enum class State { kFirst, kKeys, kFinal, kAcknowledge, kOver };

  SaslFailed failed(SaslFailed::Why why, std::string detail) {
    state_ = State::kOver;
    return {why, first_.name, std::move(detail)};
  }

  SaslStep take_client_first(std::string_view response) {
    auto first = parse_client_first(response);
    if (!first) return failed(SaslFailed::Why::kMalformed, "not a client-first-message");
    first_ = *std::move(first);
    if (auto objection = check_channel_binding()) return *objection;
    state_ = State::kKeys;
    return SaslKeysWanted{first_.name};
  }

  /// RFC 5802 §6: which flag goes with which mechanism. A client that says "y" could bind and saw no -PLUS in
  /// our list; if we sent one, somebody took it out.
  std::optional<SaslFailed> check_channel_binding() {
    if (!plus_) {
      if (first_.binding_flag == 'p')
        return failed(SaslFailed::Why::kMalformed, "a channel binding without -PLUS");
      if (first_.binding_flag == 'y' && options_.plus_was_offered) {
        return failed(SaslFailed::Why::kDowngrade,
                      "the client did not see the -PLUS mechanism that we offered");
      }
      return {};
    }
    if (first_.binding_flag != 'p')
      return failed(SaslFailed::Why::kMalformed, "-PLUS without a channel binding");
    const auto found = std::ranges::find(options_.bindings, first_.binding_type, &ChannelBinding::type);
    if (found == options_.bindings.end()) {
      return failed(SaslFailed::Why::kMalformed, "a channel binding of a type that is not offered");
    }
    binding_data_ = found->data;
    return {};
  }

  SaslStep take_client_final(std::string_view response) {
    const auto final = parse_client_final(response);
    if (!final) return failed(SaslFailed::Why::kMalformed, "not a client-final-message");
    if (!equals_in_constant_time(final->channel_binding, first_.gs2_header + binding_data_)) {
      return failed(SaslFailed::Why::kDowngrade, "the channel that the client sees is not ours");
    }
    if (final->nonce != nonce_) return failed(SaslFailed::Why::kWrong, "another nonce than ours");

    const std::string message = first_.bare + "," + server_first_ + "," + final->without_proof;
    const Sha256::Digest signature = hmac_sha256(view(keys_.stored_key), message);
    std::string client_key(signature.size(), '\0');
    for (std::size_t i = 0; i < signature.size(); ++i) {
      client_key[i] = static_cast<char>(final->proof[i] ^ signature[i]);
    }
    if (!equals_in_constant_time(view(Sha256::of(client_key)), view(keys_.stored_key))) {
      return failed(SaslFailed::Why::kWrong, "the proof does not fit");
    }
    state_ = State::kAcknowledge;
    return SaslChallenge{"v=" + to_base64(view(hmac_sha256(view(keys_.server_key), message)))};
  }

  const bool plus_;
  const SaslOptions options_;
  State state_ = State::kFirst;
  ClientFirst first_;
  ScramKeys keys_;
  std::string binding_data_;
  std::string nonce_;
  std::string server_first_;
};

}  // namespace

std::unique_ptr<SaslMechanism> make_scram(bool plus, SaslOptions options) {
  return std::make_unique<Scram>(plus, std::move(options));
}

}  // namespace pabal::account::detail
