#include "smtp/sasl_client.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/encoding.h"

namespace pabal::smtp {
namespace {

class Plain final : public SaslClient {
 public:
  explicit Plain(SaslClientOptions options) : options_(std::move(options)) {}
  std::string_view mechanism() const override { return "PLAIN"; }
  std::optional<std::string> initial_response() override {
    std::string out(1, '\0');
    out += options_.name;
    out += '\0';
    out += options_.password.reveal();
    return out;
  }
  net::Task<Result<std::string>> answer(std::string) override {
    co_return fail(ErrorKind::kRefuse, "the server asks for more than PLAIN has");
  }
  bool complete() const override { return true; }

 private:
  SaslClientOptions options_;
};

class Login final : public SaslClient {
 public:
  explicit Login(SaslClientOptions options) : options_(std::move(options)) {}
  std::string_view mechanism() const override { return "LOGIN"; }
  std::optional<std::string> initial_response() override { return {}; }
  net::Task<Result<std::string>> answer(std::string) override {
    // What the prompts say differs from server to server; their order does not.
    switch (asked_++) {
      case 0:
        co_return options_.name;
      case 1:
        co_return std::string(options_.password.reveal());
      default:
        co_return fail(ErrorKind::kRefuse, "the server asks for more than LOGIN has");
    }
  }
  bool complete() const override { return asked_ == 2; }

 private:
  SaslClientOptions options_;
  int asked_ = 0;
};

std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

/// saslname (RFC 5802 §5.1).
std::string escaped_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

struct ServerFirst {
  std::string nonce;
  std::string salt;
  std::uint32_t iterations = 0;
};

/// "r=" nonce ",s=" salt ",i=" iteration-count (RFC 5802 §7); what a later standard adds is passed over.
std::optional<ServerFirst> parse_server_first(std::string_view text) {
  const auto take_value = [](Cursor& in) { return in.take_while([](char c) { return c != ','; }); };
  ServerFirst out;
  Cursor in(text);
  if (!in.take_word("r=")) return {};
  out.nonce = take_value(in);
  if (!in.take_word(",s=")) return {};
  auto salt = from_base64(take_value(in));
  if (!salt || salt->empty() || !in.take_word(",i=")) return {};
  out.salt = *std::move(salt);
  const auto iterations = in.take_number(kMaxScramIterations);
  if (!iterations || *iterations == 0 || !(in.at_end() || in.peek_is(','))) return {};
  out.iterations = static_cast<std::uint32_t>(*iterations);
  return out;
}

class Scram final : public SaslClient {
 public:
  Scram(SaslClientOptions options, Random& random, net::WorkerPool* pool)
      : options_(std::move(options)), nonce_(to_base64(random.bytes(18))), pool_(pool) {}

  std::string_view mechanism() const override { return "SCRAM-SHA-256"; }
  std::optional<std::string> initial_response() override { return std::string(kNoBinding) + bare(); }

  net::Task<Result<std::string>> answer(std::string challenge) override {
    switch (state_) {
      case State::kFirst:
        co_return co_await prove(std::move(challenge));
      case State::kProved:
        co_return check_server(challenge);
      case State::kDone:
        break;
    }
    co_return fail(ErrorKind::kRefuse, "the server asks for more than SCRAM has");
  }
  bool complete() const override { return state_ == State::kDone; }

 private:
  enum class State { kFirst, kProved, kDone };
  static constexpr std::string_view kNoBinding = "n,,";

  std::string bare() const { return "n=" + escaped_name(options_.name) + ",r=" + nonce_; }

  net::Task<Result<std::string>> prove(std::string server_first) {
    const auto first = parse_server_first(server_first);
    // Its nonce must go on from ours (RFC 5802 §5.1).
    if (!first || !first->nonce.starts_with(nonce_) || first->nonce.size() == nonce_.size()) {
      co_return fail(ErrorKind::kRefuse, "the server's SCRAM message makes no sense");
    }
    PABAL_CO_TRY(const Sha256::Digest salted, co_await derive(*first));
    const std::string without_proof = "c=" + to_base64(kNoBinding) + ",r=" + first->nonce;
    const std::string message = bare() + "," + server_first + "," + without_proof;
    const auto client_key = hmac_sha256(view(salted), "Client Key");
    const auto stored_key = Sha256::of(view(client_key));
    const auto signature = hmac_sha256(view(stored_key), message);
    std::string proof(signature.size(), '\0');
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(client_key[i] ^ signature[i]);
    const auto server_key = hmac_sha256(view(salted), "Server Key");
    server_signature_ = hmac_sha256(view(server_key), message);
    state_ = State::kProved;
    co_return without_proof + ",p=" + to_base64(proof);
  }

  net::Task<Result<Sha256::Digest>> derive(const ServerFirst& first) {
    const std::string_view password = options_.password.reveal();
    const auto work = [&] { return pbkdf2_sha256(password, first.salt, first.iterations); };
    if (pool_ == nullptr) co_return work();
    co_return co_await pool_->run(work);
  }

  Result<std::string> check_server(std::string_view server_final) {
    if (server_final != "v=" + to_base64(view(server_signature_))) {
      return fail(ErrorKind::kRefuse, "the server can't prove that it knows our password");
    }
    state_ = State::kDone;
    return std::string();
  }

  SaslClientOptions options_;
  std::string nonce_;
  net::WorkerPool* pool_;
  Sha256::Digest server_signature_{};
  State state_ = State::kFirst;
};

}  // namespace

std::unique_ptr<SaslClient> choose_sasl(const std::vector<std::string>& offered, SaslClientOptions options,
                                        Random& random, net::WorkerPool* pool) {
  const auto has = [&](std::string_view name) { return std::ranges::find(offered, name) != offered.end(); };
  if (has("SCRAM-SHA-256")) return std::make_unique<Scram>(std::move(options), random, pool);
  if (!options.password_may_be_sent) return nullptr;
  if (has("PLAIN")) return std::make_unique<Plain>(std::move(options));
  if (has("LOGIN")) return std::make_unique<Login>(std::move(options));
  return nullptr;
}

}  // namespace pabal::smtp
