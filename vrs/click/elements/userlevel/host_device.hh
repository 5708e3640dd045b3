// A tap device as FromHost makes it and ToHost uses it.
#pragma once

#include "router.hh"

namespace click {

/// What ToHost looks for: FromHost casts to it.
class HostDevice {
  public:
    const std::string &device() const { return device_; }
    int descriptor() const { return descriptor_; }

  protected:
    ~HostDevice() = default;
    std::string device_;
    int descriptor_ = -1;
};

} // namespace click
