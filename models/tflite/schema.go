package tflite

import "fmt"

// Field slots of the tables that Parse reads, in the order in which TensorFlow Lite's schema.fbs (version 3) declares them.
// Only the fields that a conversion needs are here.
const (
	modelVersion     = 0
	modelCodes       = 1
	modelSubgraphs   = 2
	modelDescription = 3
	modelBuffers     = 4

	codeDeprecated = 0
	codeCustom     = 1
	codeBuiltin    = 3

	subgraphTensors   = 0
	subgraphInputs    = 1
	subgraphOutputs   = 2
	subgraphOperators = 3

	tensorShape  = 0
	tensorType   = 1
	tensorBuffer = 2
	tensorName   = 3

	bufferData = 0

	operatorCode    = 0
	operatorInputs  = 1
	operatorOutputs = 2
	operatorOptions = 4
	operatorCustom  = 5

	convPadding    = 0
	convStrideW    = 1
	convStrideH    = 2
	convActivation = 3
	convDilationW  = 4
	convDilationH  = 5

	depthwisePadding    = 0
	depthwiseStrideW    = 1
	depthwiseStrideH    = 2
	depthwiseMultiplier = 3
	depthwiseActivation = 4
	depthwiseDilationW  = 5
	depthwiseDilationH  = 6

	poolPadding    = 0
	poolStrideW    = 1
	poolStrideH    = 2
	poolFilterW    = 3
	poolFilterH    = 4
	poolActivation = 5

	concatAxis       = 0
	concatActivation = 1

	addActivation = 0
)

// Type is the type of a tensor's elements.
type Type int8

// The element types that occur in the nets of the lock; others parse and are refused by the conversion.
const (
	Float32 Type = 0
	Float16 Type = 1
	Int32   Type = 2
	Uint8   Type = 3
	Int64   Type = 4
	Int8    Type = 9
)

func (t Type) String() string {
	switch t {
	case Float32:
		return "float32"
	case Float16:
		return "float16"
	case Int32:
		return "int32"
	case Uint8:
		return "uint8"
	case Int64:
		return "int64"
	case Int8:
		return "int8"
	}
	return fmt.Sprintf("type %d", int8(t))
}

// size is the number of bytes an element takes, 0 where it is not known here.
func (t Type) size() int {
	switch t {
	case Float32, Int32:
		return 4
	case Float16:
		return 2
	case Uint8, Int8:
		return 1
	case Int64:
		return 8
	}
	return 0
}

// Op is a builtin operator's code.
type Op int32

// Builtin operators, numbered by the schema.
const (
	Add             Op = 0
	Concatenation   Op = 2
	Conv2D          Op = 3
	DepthwiseConv2D Op = 4
	Dequantize      Op = 6
	Logistic        Op = 14
	MaxPool2D       Op = 17
	Mul             Op = 18
	Relu            Op = 19
	Relu6           Op = 21
	Reshape         Op = 22
	Custom          Op = 32
	Pad             Op = 34
	StridedSlice    Op = 45
	PRelu           Op = 54
)

var opNames = map[Op]string{
	Add: "ADD", Concatenation: "CONCATENATION", Conv2D: "CONV_2D", DepthwiseConv2D: "DEPTHWISE_CONV_2D",
	Dequantize: "DEQUANTIZE", Logistic: "LOGISTIC", MaxPool2D: "MAX_POOL_2D", Relu: "RELU", Relu6: "RELU6",
	Reshape: "RESHAPE", Custom: "CUSTOM", Pad: "PAD", PRelu: "PRELU", Mul: "MUL", StridedSlice: "STRIDED_SLICE",
}

func (o Op) String() string {
	if n, ok := opNames[o]; ok {
		return n
	}
	return fmt.Sprintf("operator %d", int32(o))
}

// Padding is how a window is laid over the picture's edge.
type Padding int8

// Same keeps ceil(size/stride) outputs and pads what is missing, the odd pixel at the bottom and right. Valid pads nothing.
const (
	Same  Padding = 0
	Valid Padding = 1
)

// Activation is the function fused behind an operator.
type Activation int8

// Fused activations that the conversion knows.
const (
	ActNone     Activation = 0
	ActRelu     Activation = 1
	ActReluN1P1 Activation = 2
	ActRelu6    Activation = 3
)

// ConvOptions are the options of Conv2D and DepthwiseConv2D.
type ConvOptions struct {
	Padding              Padding
	StrideH, StrideW     int
	DilationH, DilationW int
	// Multiplier is the number of outputs for each input channel of a depthwise convolution; old files leave it 0.
	Multiplier int
	Activation Activation
}

// PoolOptions are the options of MaxPool2D.
type PoolOptions struct {
	Padding          Padding
	StrideH, StrideW int
	FilterH, FilterW int
	Activation       Activation
}

// Conv reads the options of a Conv2D or DepthwiseConv2D.
func (o *Operator) Conv() (ConvOptions, error) {
	t := o.options
	var c ConvOptions
	if o.Op == DepthwiseConv2D {
		c = ConvOptions{Padding(t.byte(depthwisePadding, 0)), int(t.int32(depthwiseStrideH, 0)), int(t.int32(depthwiseStrideW, 0)),
			int(t.int32(depthwiseDilationH, 1)), int(t.int32(depthwiseDilationW, 1)), int(t.int32(depthwiseMultiplier, 0)),
			Activation(t.byte(depthwiseActivation, 0))}
	} else {
		c = ConvOptions{Padding(t.byte(convPadding, 0)), int(t.int32(convStrideH, 0)), int(t.int32(convStrideW, 0)),
			int(t.int32(convDilationH, 1)), int(t.int32(convDilationW, 1)), 0, Activation(t.byte(convActivation, 0))}
	}
	if err := t.r.err; err != nil {
		return c, err
	}
	return c, window(c.Padding, c.StrideH, c.StrideW, c.DilationH, c.DilationW)
}

// Pool reads the options of a MaxPool2D.
func (o *Operator) Pool() (PoolOptions, error) {
	t := o.options
	p := PoolOptions{Padding(t.byte(poolPadding, 0)), int(t.int32(poolStrideH, 0)), int(t.int32(poolStrideW, 0)),
		int(t.int32(poolFilterH, 0)), int(t.int32(poolFilterW, 0)), Activation(t.byte(poolActivation, 0))}
	if err := t.r.err; err != nil {
		return p, err
	}
	return p, window(p.Padding, p.StrideH, p.StrideW, p.FilterH, p.FilterW)
}

// Concat reads the axis and activation of a Concatenation.
func (o *Operator) Concat() (axis int, act Activation, err error) {
	t := o.options
	axis, act = int(t.int32(concatAxis, 0)), Activation(t.byte(concatActivation, 0))
	return axis, act, t.r.err
}

// AddActivation reads the activation fused behind an Add.
func (o *Operator) AddActivation() (Activation, error) {
	act := Activation(o.options.byte(addActivation, 0))
	return act, o.options.r.err
}

// window refuses strides, dilations and filters that no net has, so that no later sum overflows.
func window(p Padding, sizes ...int) error {
	if p != Same && p != Valid {
		return fmt.Errorf("padding %d is neither SAME nor VALID", p)
	}
	for _, s := range sizes {
		if s < 1 || s > 1024 {
			return fmt.Errorf("a stride, dilation or filter of %d is not between 1 and 1024", s)
		}
	}
	return nil
}
