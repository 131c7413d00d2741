#include "app/control_session.h"

#include <gmock/gmock.h>

#include "app/control_client.h"
#include "app/control_protocol.h"
#include "app/testing.h"
#include "net/memory_stream.h"
#include "net/scope.h"

namespace pabal::app {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ControlSession : public AdminTest {
 protected:
  void SetUp() override {
    auto [ours, theirs] = net::make_memory_streams({.max_read_bytes = 1});
    connection_.emplace(sim.loop(), std::move(ours));
    peer = std::move(theirs);
    sessions_.emplace(sim.loop());
    sessions_->spawn(serve_control(*connection_, admin, Logger(), draining));
  }
  void TearDown() override {
    draining.cancel();
    sessions_->cancel();
    sim.run_until_done(sessions_->join());
  }
  std::size_t sessions() const { return sessions_->size(); }
  void send(std::string_view bytes) {
    const std::string_view pieces[] = {bytes};
    std::ignore = sim.run_until_done(peer->write_all(pieces, sim.loop().in(1s)));
  }

  net::CancelSource draining;
  std::unique_ptr<net::Stream> peer;

 private:
  std::optional<net::Connection> connection_;
  std::optional<net::Scope> sessions_;
};

TEST_F(ControlSession, AnswersAClientByteByByte) {
  ControlClient client(sim.loop(), std::move(peer));
  const Json domain = Json::object({{"domain", "example.org"}});
  EXPECT_TRUE(sim.run_until_done(client.call("domain.add", domain, reply)));
  const auto again = sim.run_until_done(client.call("domain.add", domain, reply));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kRefuse);
  EXPECT_TRUE(sim.run_until_done(client.call("domain.list", Json(), reply)));
  EXPECT_EQ(reply.items.size(), 1u);
}

TEST_F(ControlSession, ASlowClientIsLetGo) {
  send(R"({"method":)");
  sim.settle();
  EXPECT_EQ(sessions(), 1u);
  sim.run_until_done(net::sleep_until(sim.loop().in(kControlPatience + 1s)));
  sim.settle();
  EXPECT_EQ(sessions(), 0u);
}

TEST_F(ControlSession, DrainingEndsAnIdleOne) {
  sim.settle();
  draining.cancel();
  sim.settle();
  EXPECT_EQ(sessions(), 0u);
}

TEST_F(ControlSession, AClientThatGoesIsForgotten) {
  send(R"({"method":"domain.list"})"
       "\n");
  peer->close();
  sim.settle();
  EXPECT_EQ(sessions(), 0u);
}

// Whoever follows says nothing more, so only what we send him tells that he has gone.
TEST_F(ControlSession, AFollowerThatGoesIsForgotten) {
  send(R"({"method":"journey.follow"})"
       "\n");
  sim.settle();
  EXPECT_TRUE(live.anybody());
  sim.run_until_done(net::sleep_until(sim.loop().in(1min)));
  EXPECT_TRUE(live.anybody());
  peer->close();
  sim.run_until_done(net::sleep_until(sim.loop().in(1min)));
  sim.settle();
  EXPECT_FALSE(live.anybody());
  EXPECT_EQ(sessions(), 0u);
}

TEST_F(ControlSession, AFollowerSeesNewsAtOnce) {
  send(R"({"method":"journey.follow"})"
       "\n");
  sim.settle();
  live.overheard(journey::JourneyId(1), journey::WireLine::From::kUs, "EHLO crepes.fr");
  sim.settle();
  net::Connection connection(sim.loop(), std::move(peer));
  const net::LineLimits limits{.max_bytes = 1024, .max_dropped_bytes = 1024, .accept_bare_lf = true};
  std::string heard;
  for (int i = 0; i < 2; ++i) {
    const auto line = sim.run_until_done(connection.read_line(limits, sim.loop().in(1s)));
    ASSERT_TRUE(line);
    heard += *line;
  }
  EXPECT_THAT(heard, HasSubstr("EHLO crepes.fr"));
}

}  // namespace
}  // namespace pabal::app
