/*
=c
DriverManager(INSTRUCTIONS...)
=s control
manages the driver's stopping
=d
A Script of TYPE DRIVER: its instructions run when the router starts, and the router stops when they
end. `wait` without a time, or wait_stop [N], waits until the router is asked to stop.
=e
DriverManager(wait_stop, print counter.count)
=a Script
*/
#include "elements/standard/script.hh"

namespace click {

class DriverManager final : public Script {
  public:
    const char *class_name() const override { return "DriverManager"; }

  protected:
    bool is_driver_manager() const override { return true; }
};

} // namespace click

EXPORT_ELEMENT(DriverManager)
