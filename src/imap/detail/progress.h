// Word from time to time while something takes long (INPROGRESS, RFC 9585), so that no client takes us for
// dead. The command waits meanwhile, so that nothing else is written.
#pragma once

#include <exception>
#include <utility>

#include "imap/detail/session.h"
#include "net/scope.h"

namespace pabal::imap::detail {

/// Says so until cancelled, first after some seconds.
net::Task<void> tell_progress(Session& session);

/// What `work` gives. In out() are whole responses.
template <class T>
net::Task<T> with_progress(Session& session, net::Task<T> work) {
  const net::Context context = co_await net::current_context();
  std::exception_ptr bug;
  net::Scope telling(*context.loop, context.cancel, [&bug](std::exception_ptr thrown) { bug = thrown; });
  telling.spawn(tell_progress(session));
  std::exception_ptr failure;
  std::optional<T> result;
  try {
    result.emplace(co_await std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  telling.cancel();
  co_await telling.join();
  if (failure || bug) std::rethrow_exception(failure ? failure : bug);
  co_return *std::move(result);
}

}  // namespace pabal::imap::detail
