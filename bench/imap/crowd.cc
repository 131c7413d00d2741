#include "crowd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pabal::bench {
namespace {

class Crowd {
 public:
  Crowd(const Server& server, std::vector<std::unique_ptr<Client>> clients)
      : server_(server), clients_(std::move(clients)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    connections_.resize(clients_.size());
  }
  ~Crowd() { ::close(epoll_); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  std::vector<std::unique_ptr<Connection>> run(std::size_t opening) {
    std::size_t opened = 0;
    while (opened < clients_.size() || active_ > 0) {
      while (opened < clients_.size() && active_ < opening) open(opened++);
      wait();
    }
    std::erase(connections_, nullptr);
    return std::move(connections_);
  }

 private:
  void open(std::size_t index) {
    connections_[index] = std::make_unique<Connection>(server_);
    ++active_;
    epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = index}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[index]->descriptor(), &wanted);
  }

  void wait() {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) die("epoll gave up");
    for (int i = 0; i < count; ++i) hear(events[static_cast<std::size_t>(i)].data.u64);
  }

  // Edges are reported once, so all that is there is read.
  void hear(std::size_t index) {
    while (Connection* connection = connections_[index].get()) {
      connection->flush();
      if (!connection->receive()) return;
      const Reply& reply = connection->reply();
      if (!reply.ok() && !connection->continues()) die(reply.tagged);
      if (!go_on(index, clients_[index]->next(reply))) return;
    }
  }

  bool go_on(std::size_t index, Client::Step step) {
    switch (step.kind) {
      case Client::Step::Kind::kSay:
        connections_[index]->begin(step.text);
        return true;
      case Client::Step::Kind::kAnew:
        connections_[index].reset();
        --active_;
        open(index);
        return false;
      case Client::Step::Kind::kRest:
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connections_[index]->descriptor(), nullptr);
        --active_;
        return false;
      case Client::Step::Kind::kFinish:
        connections_[index].reset();
        --active_;
        return false;
    }
    return false;
  }

  const Server server_;
  const std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Connection>> connections_;
  const int epoll_;
  std::size_t active_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Connection>> run_crowd(const Server& server,
                                                   std::vector<std::unique_ptr<Client>> clients,
                                                   std::size_t opening) {
  return Crowd(server, std::move(clients)).run(opening);
}

}  // namespace pabal::bench
