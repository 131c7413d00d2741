// For benches of the way of a letter: a text, a server's other side that takes everything and keeps nothing,
// and the processor's clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "smtp/server_handler.h"

namespace pabal::bench {

/// A header and lines of some length.
inline std::string make_letter(std::size_t size_bytes) {
  std::string out = "From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: a letter\r\n\r\n";
  while (out.size() + 72 < size_bytes)
    out += "Do you like ketchup? How about pickles? Nobody knows what they think.\r\n";
  return out;
}

inline double seconds_on(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class NullHandler final : public smtp::ServerHandler {
 public:
  net::Task<smtp::Reply> connected(const smtp::SessionFacts&) override { co_return smtp::Reply{220, {}, ""}; }
  net::Task<smtp::Reply> greeted(const smtp::SessionFacts&) override { co_return smtp::Reply{250, {}, ""}; }
  std::unique_ptr<smtp::LoginExchange> begin_login(const smtp::SessionFacts&, std::string_view) override {
    return nullptr;
  }
  net::Task<smtp::Reply> mail(const smtp::SessionFacts&, const smtp::MailCommand& command) override {
    co_return smtp::sender_ok(command.reverse_path);
  }
  net::Task<smtp::Reply> rcpt(const smtp::SessionFacts&, const smtp::RcptCommand& command) override {
    co_return smtp::recipient_ok(command.forward_path);
  }
  net::Task<std::expected<std::unique_ptr<smtp::LetterSink>, smtp::Reply>> begin_letter(
      const smtp::SessionFacts&, smtp::LetterRequest) override {
    co_return std::make_unique<Sink>(*this);
  }
  void reset() override {}

  std::uint64_t bytes = 0;  ///< of the letters that came

 private:
  class Sink final : public smtp::LetterSink {
   public:
    explicit Sink(NullHandler& owner) : owner_(owner) {}
    net::Task<Result<void>> write(std::string_view piece) override {
      owner_.bytes += piece.size();
      co_return Result<void>();
    }
    net::Task<smtp::LetterVerdict> finish() override {
      co_return smtp::LetterVerdict{{250, smtp::status::kLetterOk, "Message accepted for delivery"}, {}};
    }

   private:
    NullHandler& owner_;
  };
};

}  // namespace pabal::bench
