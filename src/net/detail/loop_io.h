// The loop's own part: Asio's reactor, and the queue of what other threads posted.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <coroutine>
#include <functional>
#include <mutex>
#include <vector>

#include "net/loop.h"

namespace pabal::net {

class Loop::Io {
 public:
  void post(std::move_only_function<void()> work);
  void resume_soon(std::coroutine_handle<> handle);

  /// One thread runs it, so Asio may skip the locks that many would need.
  boost::asio::io_context context{1};
  /// Stands for the earliest timer of the loop.
  boost::asio::steady_timer alarm{context};
  MonoTime alarm_at = MonoTime::max();

 private:
  void wake_if_first(bool was_empty);
  void run_posted();

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{
      context.get_executor()};
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> work_;
  std::vector<std::coroutine_handle<>> handles_;
};

}  // namespace pabal::net
