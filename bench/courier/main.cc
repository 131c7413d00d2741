// What the way out costs a letter: see README.md.
#include <fmt/format.h>

#include <cstring>
#include <thread>

#include "net/dns_static.h"
#include "net/listener.h"
#include "net/scope.h"
#include "null_mail.h"
#include "queue/smtp_courier.h"
#include "queue/written_letter.h"
#include "smtp/server_session.h"
#include "store/memory.h"

using namespace pabal;

namespace {

/// Nobody follows live.
class NullJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return {}; }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}
};

/// The peer, on a thread of its own.
class Peer {
 public:
  explicit Peer(const Clock& clock) : loop_(clock) {
    listener_ = std::move(
        *net::Listener::open(loop_, {.endpoint = net::TcpEndpoint{net::IpAddress::loopback_v4(), 0}},
                             {.serve = [this](std::unique_ptr<net::Stream> stream, net::CancelSource&) {
                               return serve(std::make_unique<net::Connection>(loop_, std::move(stream)));
                             }}));
    listener_->start();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Peer() {
    loop_.stop();
    thread_.join();
    loop_.run_until_done(listener_->drain(loop_.in(std::chrono::seconds(0))));
  }
  std::uint16_t port() const { return listener_->local().tcp()->port; }

 private:
  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    bench::NullHandler handler;
    co_await serve_smtp(*connection, handler, options_);
  }

  net::Loop loop_;
  smtp::ServerOptions options_ = smtp::ServerOptions::mx("mx.hamburger.edu");
  std::unique_ptr<net::Listener> listener_;
  std::thread thread_;
};

net::Task<void> carry_many(queue::SmtpCourier& courier, const queue::Letter& letter, std::size_t count,
                           std::size_t& relayed) {
  const queue::Recipient bob{*account::Address::parse("bob@hamburger.edu")};
  for (std::size_t i = 0; i < count; ++i) {
    const auto report = co_await courier.carry({letter, bob.address.domain(), {&bob, 1}});
    if (report.recipients[0].fate == queue::RecipientResult::Fate::kRelayed) ++relayed;
  }
}

net::Task<void> carry_side_by_side(queue::SmtpCourier& courier, const queue::Letter& letter,
                                   std::size_t errands, std::size_t letters, std::size_t& relayed) {
  net::Scope scope(*(co_await net::current_context()).loop);
  for (std::size_t i = 0; i < errands; ++i)
    scope.spawn(carry_many(courier, letter, letters / errands, relayed));
  co_await scope.join();
  co_await courier.rest();
}

void measure(std::size_t errands, std::size_t size_bytes, std::size_t letters) {
  const SystemClock clock;
  SystemRandom random;
  Peer peer(clock);
  net::Loop loop(clock);
  const auto store = store::make_memory_engine();
  const auto resolver = std::move(
      *net::StaticResolver::parse("hamburger.edu. MX 10 mx.hamburger.edu.\nmx.hamburger.edu. A 127.0.0.1\n"));
  NullJournal journal;
  queue::SmtpCourier courier(
      {loop, *store, *resolver, random, journal},
      {.host_name = "crepes.fr", .own = {.loopback_is_ours = false}, .port = peer.port()});
  queue::Letter letter{.id = journey::JourneyId(1),
                       .sender = *account::Address::parse("alice@crepes.fr"),
                       .preamble = "Received: from crepes.fr by crepes.fr\r\n"};
  std::ignore = loop.run_until_done(queue::write_letter(*store, bench::make_letter(size_bytes), letter));
  std::size_t relayed = 0;
  const double cpu = bench::seconds_on(CLOCK_THREAD_CPUTIME_ID);
  const double wall = bench::seconds_on(CLOCK_MONOTONIC);
  loop.run_until_done(carry_side_by_side(courier, letter, errands, letters, relayed));
  const double count = static_cast<double>(relayed);
  fmt::print("{:4} errands at a time, {:7} bytes: {:7.1f} us of processor a letter, {:7.0f} letters/s\n",
             errands, letter.size_bytes(), (bench::seconds_on(CLOCK_THREAD_CPUTIME_ID) - cpu) / count * 1e6,
             count / (bench::seconds_on(CLOCK_MONOTONIC) - wall));
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const std::size_t letters = smoke ? 100 : 40'000;
  for (const std::size_t errands : {std::size_t{1}, std::size_t{20}, std::size_t{100}}) {
    measure(errands, 4096, letters);
  }
  measure(20, 65536, letters / 4);
}
