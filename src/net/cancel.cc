#include "net/cancel.h"

#include "base/check.h"

namespace pabal::net {

bool CancelHook::attach(CancelSource* source) {
  PABAL_CHECK(source_ == nullptr);
  if (source == nullptr) return true;
  if (source->cancelled()) return false;
  source_ = source;
  next_ = source->first_;
  previous_ = nullptr;
  if (next_ != nullptr) next_->previous_ = this;
  source->first_ = this;
  return true;
}

void CancelHook::detach() {
  if (source_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : source_->first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  source_ = nullptr;
  next_ = previous_ = nullptr;
}

CancelSource::CancelSource(CancelSource* parent) {
  if (!attach(parent)) cancelled_ = true;
}

CancelSource::~CancelSource() { PABAL_CHECK(first_ == nullptr); }

void CancelSource::cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  while (first_ != nullptr) {
    CancelHook* hook = first_;
    hook->detach();
    hook->on_cancel();
  }
}

}  // namespace pabal::net
