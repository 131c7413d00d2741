#include "smtp_sink.h"

#include "smtp/server_session.h"

namespace pabal::crash {

using net::Task;
using smtp::Reply;

namespace {

constexpr std::chrono::seconds kPatience{20};
// How often sessions are counted, since their end rings no bell.
constexpr std::chrono::milliseconds kLook{1};

}  // namespace

class Sink::Body final : public smtp::LetterSink {
 public:
  Body(Sink& sink, std::vector<std::string> recipients) : sink_(sink), recipients_(std::move(recipients)) {}

  Task<Result<void>> write(std::string_view bytes) override {
    text_ += bytes;
    co_return Result<void>();
  }
  Task<smtp::LetterVerdict> finish() override {
    sink_.receive(recipients_, text_);
    co_return smtp::LetterVerdict{{250, smtp::status::kLetterOk, "Received"}, {}};
  }

 private:
  Sink& sink_;
  const std::vector<std::string> recipients_;
  std::string text_;
};

class Sink::Handler final : public smtp::ServerHandler {
 public:
  explicit Handler(Sink& sink) : sink_(sink) {}

  Task<Reply> connected(const smtp::SessionFacts&) override { co_return Reply{220, {}, ""}; }
  Task<Reply> greeted(const smtp::SessionFacts&) override { co_return Reply{250, {}, ""}; }
  std::unique_ptr<smtp::LoginExchange> begin_login(const smtp::SessionFacts&, std::string_view) override {
    return nullptr;  // AUTH is not offered
  }
  Task<Reply> mail(const smtp::SessionFacts&, const smtp::MailCommand& command) override {
    co_return smtp::sender_ok(command.reverse_path);
  }
  Task<Reply> rcpt(const smtp::SessionFacts&, const smtp::RcptCommand& command) override {
    const std::string address = command.forward_path.address->to_string();
    if (address.front() == static_cast<char>(Fate::kRefused))
      co_return Reply{550, smtp::EnhancedCode{5, 1, 1}, "Nobody of that name"};
    if (address.front() == static_cast<char>(Fate::kPutOff) && sink_.put_off(address))
      co_return Reply{451, smtp::EnhancedCode{4, 2, 0}, "Not now"};
    recipients_.push_back(address);
    co_return smtp::recipient_ok(command.forward_path);
  }
  Task<std::expected<std::unique_ptr<smtp::LetterSink>, Reply>> begin_letter(const smtp::SessionFacts&,
                                                                             smtp::LetterRequest) override {
    co_return std::make_unique<Body>(sink_, std::exchange(recipients_, {}));
  }
  void reset() override { recipients_.clear(); }

 private:
  Sink& sink_;
  std::vector<std::string> recipients_;
};

Sink::Sink(net::Loop& loop, Ledger& ledger, std::function<std::uint64_t()> current_life)
    : loop_(loop),
      ledger_(ledger),
      current_life_(std::move(current_life)),
      options_(smtp::ServerOptions::mx("mail.far.example")) {}

Result<std::unique_ptr<Sink>> Sink::open(net::Loop& loop, Ledger& ledger,
                                         std::function<std::uint64_t()> current_life) {
  std::unique_ptr<Sink> sink(new Sink(loop, ledger, std::move(current_life)));
  net::ListenerHandlers handlers;
  handlers.serve = [self = sink.get()](std::unique_ptr<net::Stream> stream, net::CancelSource&) {
    return self->serve(std::move(stream));
  };
  PABAL_TRY(sink->listener_,
            net::Listener::open(loop, {.endpoint = net::TcpEndpoint{net::IpAddress::loopback_v4(), 0}},
                                std::move(handlers)));
  sink->listener_->start();
  return sink;
}

Task<void> Sink::close() { co_await listener_->drain(loop_.in({})); }

Task<Result<void>> Sink::wait_until_alone() const {
  const net::Deadline deadline = loop_.in(kPatience);
  while (listener_->sessions() > 0) {
    if (loop_.clock().mono() > deadline.at)
      co_return fail(ErrorKind::kDeadline, "a session with the sink outlives the server");
    PABAL_CO_TRY_VOID(co_await net::sleep_until(loop_.in(kLook)));
  }
  co_return Result<void>();
}

Task<void> Sink::serve(std::unique_ptr<net::Stream> stream) {
  net::Connection connection(loop_, std::move(stream));
  Handler handler(*this);
  co_await smtp::serve_smtp(connection, handler, options_);
}

void Sink::receive(const std::vector<std::string>& recipients, std::string_view text) {
  for (const std::string& recipient : recipients) {
    const Letter* const letter = ledger_.find(recipient);
    if (!letter || !text.ends_with(ledger_.text_of(*letter)))
      ledger_.faults.push_back(fmt::format("{} received what nobody sent, {} bytes", recipient, text.size()));
    ledger_.receipts[recipient].push_back({current_life_(), loop_.clock().mono()});
  }
}

}  // namespace pabal::crash
