package servers_test

import "testing"

func TestGCSPlace(t *testing.T) { suiteOn(t, startFakeGCS) }

func TestGCSCommand(t *testing.T) { scriptOn(t, startFakeGCS) }
