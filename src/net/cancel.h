// Cancellation as a token passed down. A CancelSource is told to cancel once; everything that waits
// under it hangs a CancelHook on it and is called. Sources form a tree: cancelling a parent cancels
// its children. Everything here belongs to one loop's thread.
#pragma once

namespace pabal::net {

class CancelSource;

/// A wait's place in its source's list; leaves the list when it is destroyed. `on_cancel` is called at
/// most once, off the list already. It must not resume a coroutine itself (Loop::resume_soon does):
/// that could destroy the source in the midst of its work.
class CancelHook {
 public:
  CancelHook() = default;
  CancelHook(const CancelHook&) = delete;
  CancelHook& operator=(const CancelHook&) = delete;

  /// Hangs the hook on `source`. Returns false, and hangs nothing, if that was cancelled already.
  /// A null source never cancels.
  bool attach(CancelSource* source);
  void detach();

 protected:
  ~CancelHook() { detach(); }

 private:
  friend class CancelSource;
  virtual void on_cancel() = 0;

  CancelSource* source_ = nullptr;
  CancelHook* next_ = nullptr;
  CancelHook* previous_ = nullptr;
};

class CancelSource final : private CancelHook {
 public:
  /// The parent, if any, must outlive this source.
  explicit CancelSource(CancelSource* parent = nullptr);
  ~CancelSource();

  void cancel();
  bool cancelled() const { return cancelled_; }

 private:
  friend class CancelHook;
  void on_cancel() override { cancel(); }

  CancelHook* first_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace pabal::net
