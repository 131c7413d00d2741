#include "imap/detail/progress.h"

#include <gtest/gtest.h>

#include "imap/testing.h"
#include "net/memory_stream.h"

namespace pabal::imap::detail {
namespace {

using std::chrono::seconds;

net::Task<Result<int>> work_for(net::Loop& loop, seconds span) {
  PABAL_CO_TRY_VOID(co_await net::sleep_until(loop.in(span)));
  co_return 7;
}

TEST(Progress, IsToldWhileItTakesLong) {
  for (const auto& [span, words] : {std::pair{seconds(9), 0}, {seconds(11), 1}, {seconds(35), 3}}) {
    TestServer server;
    auto [ours, theirs] = net::make_memory_streams();
    net::Connection connection(server.sim.loop(), std::move(ours));
    Session session(connection, server.services, server.options);
    const auto result = server.sim.run_until_done(with_progress(session, work_for(server.sim.loop(), span)));
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, 7);
    session.out() += "* SEARCH\r\n";
    ASSERT_TRUE(server.sim.run_until_done(session.flush_all()));
    std::string heard(4096, '\0');
    const auto size = server.sim.run_until_done(theirs->read_some(heard, server.sim.loop().in(seconds(1))));
    ASSERT_TRUE(size);
    std::string want;
    for (int i = 0; i < words; ++i) want += "* OK [INPROGRESS (NIL NIL NIL)] Still at it\r\n";
    EXPECT_EQ(heard.substr(0, *size), want + "* SEARCH\r\n");
  }
}

}  // namespace
}  // namespace pabal::imap::detail
